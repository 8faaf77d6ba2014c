import LineProtocol

/// The sections that may stand more than once.
extension ConfigurationBuilder {
    func listeners() -> [Configuration.Listener] {
        var readers = sections(.udp)
        if readers.isEmpty, document[Setting.Section.files.rawValue] == nil {
            readers = [SectionReader(problems: problems, section: .udp, line: nil, table: nil)]
        }
        if readers.count > ConfigurationLimits.listeners {
            problems.report(
                document["udp"]?.line,
                "\(readers.count) listeners; at most \(ConfigurationLimits.listeners) are possible")
        }
        var listeners: [Configuration.Listener] = []
        for reader in readers {
            let listener = listener(reader)
            checkUnique(listener, among: listeners, reader)
            listeners.append(listener)
        }
        return listeners
    }

    private func listener(_ section: SectionReader) -> Configuration.Listener {
        let text = section.text(.listen)
        let endpoint = readEndpoint(text)
        if endpoint == nil {
            section.report(
                .listen,
                "= \(quoted(text)) is not an address to listen at; write 0.0.0.0:8089, "
                    + "[::]:8089, an address alone or :PORT (names are not looked up)")
        }
        let name = section.optionalText(.listenerName) ?? text
        checkName(name, .listenerName, section)
        return Configuration.Listener(
            listen: endpoint ?? readEndpoint(Setting.listen.standard)!,
            isListenGiven: section.has(.listen),
            name: name,
            precision: Precision(section.choiceText(.precision))!,
            receiveBuffer: section.size(.receiveBuffer),
            datagramMax: section.size(.datagramMax),
            aheadMax: section.duration(.aheadMax),
            ageMax: section.duration(.ageMax),
            allow: networks(section))
    }

    /// Checks what logs and figures will call a listener or files.
    func checkName(_ name: String, _ setting: Setting, _ section: SectionReader) {
        let range = ConfigurationLimits.listenerNameLength
        if !range.contains(name.utf8.count) {
            section.report(
                setting,
                "has \(name.utf8.count) bytes; possible is "
                    + "\(range.lowerBound) to \(range.upperBound)")
        }
        if name.unicodeScalars.contains(where: isControl) {
            section.report(setting, "= \(quoted(name)) has a control character in it")
        }
    }

    private func checkUnique(
        _ listener: Configuration.Listener, among others: [Configuration.Listener],
        _ section: SectionReader
    ) {
        if others.contains(where: { $0.name == listener.name }) {
            let setting: Setting = section.has(.listenerName) ? .listenerName : .listen
            section.report(
                setting,
                "= \(quoted(listener.name)) names a second listener; give each another "
                    + "name")
        } else if listener.listen.port != 0,
            others.contains(where: { $0.listen == listener.listen })
        {
            section.report(.listen, "= \"\(listener.listen)\" is another listener's address")
        }
    }

    private func networks(_ section: SectionReader) -> [Network] {
        section.lines(.allow).compactMap { text, line in
            guard let network = Network(text) else {
                section.report(
                    .allow, line: line,
                    "has \(quoted(text)), which is not a network such as 10.0.0.0/8 nor an address")
                return nil
            }
            // Was the network meant or the one address? Too much would be let in, or too little.
            let address = text.prefix { $0 != "/" }
            if IPAddress(String(address)) != network.first {
                section.report(
                    .allow, line: line,
                    "has \(quoted(text)), an address with a prefix; write \(network) for the "
                        + "network or \(address) alone")
            }
            return network
        }
    }

    func tables() -> [Configuration.Table] {
        let readers = sections(.table)
        if readers.count > ConfigurationLimits.tables {
            problems.report(
                document["table"]?.line,
                "\(readers.count) tables; at most \(ConfigurationLimits.tables) are possible")
        }
        var tables: [Configuration.Table] = []
        var takers: [[UInt8]: TableName] = [:]
        for reader in readers {
            guard let table = table(reader) else { continue }
            if tables.contains(where: { $0.name == table.name }) {
                reader.report(
                    .tableName,
                    "= \"\(table.name)\" stands twice; put the measurements of both "
                        + "into one [[table]]")
            }
            for measurement in table.measurements {
                let name = Array(measurement.utf8)
                guard let taker = takers.updateValue(table.name, forKey: name) else { continue }
                let setting: Setting = reader.has(.measurement) ? .measurement : .tableName
                reader.report(
                    setting,
                    "sends measurement \(quoted(measurement)) here, but it goes to table "
                        + "\(taker) already")
            }
            tables.append(table)
        }
        return tables
    }

    private func table(_ section: SectionReader) -> Configuration.Table? {
        let time = section.optionalText(.timeColumn)
        let columns = section.has(.columns) ? section.texts(.columns) : nil
        let duplicates: Configuration.Duplicates = section.choice(.duplicates)
        let measurements = section.texts(.measurement)
        checkIdentifiers(section, .timeColumn, time.map { [$0] } ?? [])
        checkIdentifiers(section, .columns, columns ?? [])
        checkMeasurements(section, measurements)
        guard section.has(.tableName) else {
            if section.table != nil {
                problems.report(section.line, "[[table]] needs a name: name = \"schema.table\"")
            }
            return nil
        }
        let text = section.text(.tableName)
        guard let name = TableName(text) else {
            section.report(
                .tableName,
                "= \(quoted(text)) is not table or schema.table (a part with a dot in "
                    + "it stands in double quotes)")
            return nil
        }
        return Configuration.Table(
            name: name, measurements: measurements.isEmpty ? [name.table] : measurements,
            timeColumn: time, columns: columns, duplicates: duplicates)
    }

    private func checkIdentifiers(
        _ section: SectionReader, _ setting: Setting, _ names: [String]
    ) {
        let max = ConfigurationLimits.identifierLengthMax
        for name in names where name.isEmpty || name.utf8.count > max {
            section.report(setting, "has \(quoted(name)); a column's name has 1 to \(max) bytes")
        }
        if areTwice(names) { section.report(setting, "names a column twice") }
    }

    private func checkMeasurements(_ section: SectionReader, _ names: [String]) {
        if section.has(.measurement) && names.contains("") {
            section.report(.measurement, "has an empty name")
        }
        if areTwice(names) {
            section.report(.measurement, "names a measurement twice")
        }
    }
}

/// Whether a name stands twice; names are bytes.
private func areTwice(_ names: [String]) -> Bool {
    Set(names.map { Array($0.utf8) }).count < names.count
}

/// Reads where to listen; `:8090` means the loopback address.
private func readEndpoint(_ text: String) -> Endpoint? {
    let isPortOnly = text.hasPrefix(":") && !text.hasPrefix("::")
    return Endpoint(isPortOnly ? "127.0.0.1\(text)" : text)
}
