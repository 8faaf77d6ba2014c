import Logging
package import Systemd

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
        let document: TOMLTable
        do throws(TOMLSyntaxError) {
            document = try TOMLParser.parse(text)
        } catch {
            throw .invalid(path: path, [.init(line: error.line, text: error.text)])
        }
        let problems = ProblemCollector()
        let builder = ConfigurationBuilder(
            document: document, problems: problems,
            stateDirectory: stateDirectory(environment), passwordFile: passwordFile(environment))
        let configuration = builder.build()
        guard problems.sorted.isEmpty else { throw .invalid(path: path, problems.sorted) }
        return configuration
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
        let ring = ring(section(.ring))
        let listeners = listeners()
        return Configuration(
            database: database(section(.database)),
            ring: ring,
            batch: batch(section(.batch)),
            listeners: listeners,
            files: files(beside: listeners),
            tables: tables(),
            rejects: rejects(section(.rejects), ring: ring),
            status: Configuration.Status(interval: section(.status).duration(.statusInterval)),
            log: log(section(.log)))
    }

    /// One section that stands at most once.
    private func section(_ section: Setting.Section) -> SectionReader {
        reader(section, document[section.rawValue])
    }

    /// All of a section that may stand more than once.
    func sections(_ section: Setting.Section) -> [SectionReader] {
        guard let node = document[section.rawValue] else { return [] }
        // Not a list: reported already, and read all the same for what is wrong inside.
        guard let nodes = node.array else { return [reader(section, node)] }
        for node in nodes where node.table == nil { keys.reportShape(section, node) }
        return nodes.map { reader(section, $0) }
    }

    private func reader(_ section: Setting.Section, _ node: TOMLNode?) -> SectionReader {
        let reader = SectionReader(
            problems: problems, section: section, line: node?.line, table: node?.table)
        keys.checkKeys(reader)
        return reader
    }

    private func database(_ section: SectionReader) -> Configuration.Database {
        let database = Configuration.Database(
            connectionText: section.text(.connectionText),
            connectTimeout: section.duration(.connectTimeout),
            answerTimeout: section.duration(.answerTimeout),
            retryMin: section.duration(.retryMin),
            retryMax: section.duration(.retryMax),
            passwordFile: passwordFile)
        if holdsPassword(database.connectionText) {
            section.report(
                .connectionText,
                "holds a password; keep it in a .pgpass file (or PGPASSFILE), in a libpq service "
                    + "file, or in a systemd credential: LoadCredential=db-password:FILE")
        } else if let complaint = complaint(about: database.connectionText) {
            section.report(.connectionText, "is wrong: \(complaint)")
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

    private func rejects(
        _ section: SectionReader, ring: Configuration.Ring
    ) -> Configuration.Rejects {
        var directory = section.text(.rejectsDirectory)
        if directory.isEmpty {
            directory = ring.directory + "/rejects"
        } else if !directory.hasPrefix("/") {
            section.report(.rejectsDirectory, "= \(quoted(directory)) is not an absolute path")
        }
        return Configuration.Rejects(
            directory: directory,
            size: section.size(.rejectsSize),
            fileSize: section.size(.rejectsFileSize),
            fileAge: section.duration(.rejectsFileAge))
    }

    private func log(_ section: SectionReader) -> Configuration.Log {
        Configuration.Log(level: section.choice(.logLevel), format: section.choice(.logFormat))
    }
}
