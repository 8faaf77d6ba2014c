import Postgres

extension Connection {
    /// Connects as the configuration says, with the password of the systemd credential if there
    /// is one. It is read anew each time, so a changed one is taken up.
    static func open(
        _ database: Configuration.Database,
        onNotice: @escaping (PostgresError) -> Void = { _ in },
        isWanted: () -> Bool = { true }
    ) throws(PostgresError) -> Connection {
        let password: String?
        do throws(ConfigurationError) {
            password = try database.readPassword()
        } catch {
            throw PostgresError(configurationMessage: error.description)
        }
        let text = try ConnectionText(
            database.connectionText, password: password, connectTimeout: database.connectTimeout)
        return try Connection(text, onNotice: onNotice, isWanted: isWanted)
    }
}
