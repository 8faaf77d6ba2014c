package import Postgres

/// What becomes of rows whose key is in a table already, as far as the table and the role let it.
package struct Duplicates: Sendable {
    /// What the operator wants.
    package let wanted: Configuration.Duplicates
    /// Why that cannot work here, and what to do; nil when it can. Then such rows are rejected.
    package let problem: String?

    /// How they are written; nil where a plain COPY and a rejection are all there is.
    package var policy: Staging.Policy? {
        guard problem == nil else { return nil }
        switch wanted {
        case .error: return nil
        case .ignore: return .ignore
        case .replace: return .replace
        }
    }

    /// - Parameters:
    ///   - columns: those of the table that a line can fill.
    ///   - rights: what the role may do.
    init(
        _ wanted: Configuration.Duplicates, in table: Table, filling columns: [Column],
        _ rights: StagingRights
    ) {
        self.wanted = wanted
        var texts: [String] = []
        if wanted != .error {
            if table.decidingKey(columns: columns.map(\.name)) == nil {
                texts.append(Self.keyProblem(table))
            }
            if let grant = rights.temporaryGrant { texts.append(grant) }
            if wanted == .replace && !table.mayReplace {
                texts.append("GRANT SELECT, UPDATE ON \(table.sqlName) TO \(rights.quotedRole)")
            }
        }
        problem =
            texts.isEmpty
            ? nil
            : "duplicates = \"\(wanted.rawValue)\" cannot work: \(texts.joined(separator: "; "))"
    }

    private static func keyProblem(_ table: Table) -> String {
        if let key = table.uniqueKeys.first(where: { !$0.isImmediate }) {
            return
                "constraint \"\(key.name)\" is deferrable, and there is no other unique key to tell"
                + " a duplicate by; make one that is not"
        }
        return "there is no unique key, without conditions and expressions, of columns that lines"
            + " fill; create one, or let them be rejected"
    }

    /// For the plan: what becomes of a row whose key is there already.
    package func description(in table: Table, filling columns: [Column]) -> String {
        switch policy {
        case nil: return "is rejected"
        case .ignore: return "is dropped and counted, by every unique key"
        case .replace:
            let key = table.decidingKey(columns: columns.map(\.name))
            return "replaces the other and is counted, by the key"
                + " (\(key?.columns.joined(separator: ", ") ?? ""))"
        }
    }
}

/// Whose rights those are that were found, and how to give one that is missing.
package struct StagingRights {
    /// The role as SQL writes it.
    let quotedRole: String
    /// What a person is to do so that the role may make temporary tables; nil when it may.
    let temporaryGrant: String?

    init(role: String, database: String, mayStage: Bool) {
        quotedRole = quotedIdentifier(role)
        temporaryGrant =
            mayStage
            ? nil : "GRANT TEMPORARY ON DATABASE \(quotedIdentifier(database)) TO \(quotedRole)"
    }

    /// Before the catalog has been read.
    package static let all = StagingRights(role: "", database: "", mayStage: true)
}
