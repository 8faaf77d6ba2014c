import CLibPQ
import Glibc

/// A connection string that libpq understands: `keyword=value …` or a URI.
///
/// Danger: it may hold a password, and libpq quotes pieces of what it cannot read. Nothing of the
/// text is shown but host, port, database and user, and those only after it was read without doubt.
package struct ConnectionText: Sendable {
    /// What was given. Never print it.
    let text: String
    /// `host=… port=… dbname=… user=…`, as far as given; safe to log.
    package let redacted: String
    /// How many hosts are tried one after the other.
    let hostCount: Int
    /// Seconds for each host, when the text says so.
    let connectTimeoutSeconds: Int?
    /// What to answer when the server wants a password and the text has none.
    let password: String?
    /// How long each host may take, when neither the text nor the environment says so.
    let connectTimeout: Duration

    /// Reads the text without connecting.
    ///
    /// - Parameters:
    ///   - password: never shown, and not part of the text.
    ///   - connectTimeout: for each host; the text and `PGCONNECT_TIMEOUT` go before it.
    package init(
        _ text: String, password: String? = nil,
        connectTimeout: Duration = .seconds(Limits.connectTimeoutSeconds)
    ) throws(PostgresError) {
        let values = try Self.parse(text)
        if Self.isURI(text) { try Self.checkAtSigns(text, host: values["host"]) }
        if let port = values["port"], !port.allSatisfy({ $0.isNumber || $0 == "," }) {
            throw .conninfo("the connection string's port is not a number")
        }
        self.text = text
        self.password = password
        self.connectTimeout = connectTimeout
        let shown = ["service", "host", "hostaddr", "port", "dbname", "user"]
            .compactMap { key in values[key].map { "\(key)=\($0)" } }
        redacted = shown.isEmpty ? "libpq's defaults" : shown.joined(separator: " ")
        let hosts = values["host"] ?? values["hostaddr"] ?? ""
        hostCount = hosts.split(separator: ",", omittingEmptySubsequences: false).count
        connectTimeoutSeconds = values["connect_timeout"].flatMap { Int($0) }
    }

    private static func parse(_ text: String) throws(PostgresError) -> [String: String] {
        if text.utf8.contains(0) { throw .conninfo("the connection string holds a NUL character") }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(text, &message) else {
            let reason = unsafe message.map { unsafe String(cString: $0) } ?? "out of memory"
            unsafe PQfreemem(message)
            throw .conninfo("the connection string cannot be read: " + concealed(reason, text))
        }
        defer { unsafe PQconninfoFree(options) }
        var values: [String: String] = [:]
        var next = unsafe options
        while let keyword = unsafe next.pointee.keyword {
            if let value = unsafe next.pointee.val {
                unsafe values[String(cString: keyword)] = String(cString: value)
            }
            unsafe next += 1
        }
        return values
    }

    private static func isURI(_ text: String) -> Bool {
        text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
    }

    /// An unescaped `@` or `/` in a password makes libpq take the rest of it for the host or the
    /// database, and then it would be shown.
    private static func checkAtSigns(_ text: String, host: String?) throws(PostgresError) {
        let place = text.split(separator: "?", maxSplits: 1)[0].split(
            separator: "//", maxSplits: 1, omittingEmptySubsequences: false)[1]
        let atSigns = place.count { $0 == "@" }
        let authority = place.prefix { $0 != "/" }
        let misplaced = atSigns > 1 || (atSigns == 1 && !authority.contains("@"))
        if misplaced || host?.contains("@") == true {
            throw .conninfo(
                "the connection URI has an '@' or '/' in the password: write %40 and %2F for them")
        }
    }

    /// libpq's complaint, without the pieces in quotes when one of them may be of a password.
    private static func concealed(_ reason: String, _ text: String) -> String {
        let lowercase = text.lowercased()
        guard lowercase.contains("pass") || lowercase.contains("@") else {
            return oneLine(reason)
        }
        let pieces = reason.split(separator: "\"", omittingEmptySubsequences: false)
        let shown = pieces.enumerated().map { index, piece in index % 2 == 0 ? String(piece) : "…" }
        return oneLine(shown.joined(separator: "\""))
    }
}

/// The text with every run of white space made one blank, as a log line wants it.
func oneLine(_ text: String) -> String {
    text.split { $0.isWhitespace }.joined(separator: " ")
}

/// What libpq itself says, on one line: its guesses at the cause are lines that begin with a tab,
/// and are left out; of several hosts each has its sentence.
func oneLine(libpq text: String) -> String {
    text.split(separator: "\n").filter { !$0.hasPrefix("\t") }.map { oneLine(String($0)) }
        .joined(separator: "; ")
}
