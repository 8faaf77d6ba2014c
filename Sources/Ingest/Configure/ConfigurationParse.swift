import Logging
package import Systemd
import TOMLKit

extension Configuration {
    /// Reads a configuration from its text.
    ///
    /// - Parameters:
    ///   - path: what messages call the file.
    ///   - environment: where systemd's folders are looked up.
    package static func parse(
        _ text: String, path: String = "configuration",
        environment: EnvironmentLookup = processEnvironment
    ) throws(ConfigurationError) -> Configuration {
        let document = try parseDocument(text, path: path)
        let locator = TOMLLocator(text)
        let problems = ProblemCollector(locator)
        for line in locator.zeroCharacterLines {
            problems.report(line: line, "a text with a zero character (\\u0000) is not possible")
        }
        let builder = ConfigurationBuilder(
            document: document, problems: problems,
            stateDirectory: stateDirectory(environment), passwordFile: passwordFile(environment))
        let configuration = builder.build()
        guard problems.sorted.isEmpty else { throw .invalid(path: path, problems.sorted) }
        return configuration
    }

    private static func parseDocument(
        _ text: String, path: String
    ) throws(ConfigurationError) -> TOMLTable {
        // The TOML library takes a C string and would silently stop there.
        if let zero = text.utf8.firstIndex(of: 0) {
            let line = text.utf8[..<zero].count { $0 == UInt8(ascii: "\n") } + 1
            throw .invalid(
                path: path, [.init(line: line, text: "a zero byte; is this a text file?")])
        }
        do {
            return try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let problem = ConfigurationProblem(
                line: error.source.begin.line,
                text: "not valid TOML: \(error.description) (column \(error.source.begin.column))")
            throw .invalid(path: path, [problem])
        } catch {
            throw .invalid(path: path, [.init(line: nil, text: "not valid TOML: \(error)")])
        }
    }
}

/// Makes the configuration out of a document, section by section.
struct ConfigurationBuilder {
    let document: TOMLTable
    let problems: ProblemCollector
    let stateDirectory: String
    let passwordFile: String?

    private var keys: KeyChecker { KeyChecker(problems: problems) }

    func build() -> Configuration {
        keys.checkTop(document)
        return Configuration(
            database: database(section(.database)),
            ring: ring(section(.ring)),
            batch: batch(section(.batch)),
            listeners: listeners(),
            tables: tables(),
            status: Configuration.Status(interval: section(.status).duration(.statusInterval)),
            log: log(section(.log)))
    }

    /// One section that stands at most once.
    private func section(_ section: Setting.Section) -> SectionReader {
        reader(section, [.key(section.rawValue)], document[section.rawValue]?.table)
    }

    /// All of a section that may stand more than once.
    func sections(_ section: Setting.Section) -> [SectionReader] {
        guard let value = document[section.rawValue] else { return [] }
        let top = [TOMLStep.key(section.rawValue)]
        guard let array = value.array else {
            // Reported already; read all the same for what is wrong inside.
            return [reader(section, top, value.table)]
        }
        return array.enumerated().map { index, value in
            let path = top + [.index(index)]
            if value.type != .table {
                problems.report(path, "\(section.rawValue) must be written as \(section.header)")
            }
            return reader(section, path, value.table)
        }
    }

    private func reader(
        _ section: Setting.Section, _ path: [TOMLStep], _ table: TOMLTable?
    ) -> SectionReader {
        let reader = SectionReader(problems: problems, section: section, path: path, table: table)
        keys.checkKeys(reader)
        return reader
    }

    private func database(_ section: SectionReader) -> Configuration.Database {
        let database = Configuration.Database(
            connectionText: section.text(.connectionText),
            connectTimeout: section.duration(.connectTimeout),
            retryMin: section.duration(.retryMin),
            retryMax: section.duration(.retryMax),
            passwordFile: passwordFile)
        if holdsPassword(database.connectionText) {
            section.report(
                .connectionText,
                "holds a password; keep it in a .pgpass file (or PGPASSFILE), in a libpq service "
                    + "file, or in a systemd credential: LoadCredential=db-password:FILE")
        }
        if database.retryMin > database.retryMax {
            section.report(
                section.has(.retryMin) ? .retryMin : .retryMax,
                "is wrong: retry_min (\(Interval.text(database.retryMin))) is more than "
                    + "retry_max (\(Interval.text(database.retryMax)))")
        }
        return database
    }

    private func ring(_ section: SectionReader) -> Configuration.Ring {
        var directory = section.text(.ringDirectory)
        if directory.isEmpty {
            directory = stateDirectory
        } else if !directory.hasPrefix("/") {
            section.report(.ringDirectory, "= \(quoted(directory)) is not an absolute path")
        }
        return Configuration.Ring(
            directory: directory,
            size: section.size(.ringSize),
            overflow: section.choice(.overflow),
            sync: section.duration(.ringSync),
            lanes: section.count(.lanes))
    }

    private func batch(_ section: SectionReader) -> Configuration.Batch {
        Configuration.Batch(
            rows: section.count(.batchRows),
            bytes: section.size(.batchBytes),
            interval: section.duration(.batchInterval),
            drain: section.duration(.batchDrain))
    }

    private func log(_ section: SectionReader) -> Configuration.Log {
        Configuration.Log(level: section.choice(.logLevel), format: section.choice(.logFormat))
    }
}
