package import Ring

/// What `sluice ring ledger` says of one ring: the books of each listener since the ring was made.
package struct LedgerReport: Sendable {
    let path: String
    package let views: [LedgerView]
    /// Whether nobody writes to the ring: while somebody does, the figures are of two moments.
    let isAtRest: Bool

    /// Reads a ring's file, and changes nothing.
    package init(path: String) throws(RingCommandError) {
        do throws(RingError) {
            self.init(path: path, try Ring.inspect(path: path))
        } catch {
            throw RingCommandError(reading: error)
        }
    }

    package init(path: String, _ ring: RingInspection) {
        self.path = path
        isAtRest = ring.holder == nil
        views = ring.ledger.sorted { $0.key < $1.key }.map { index, entry in
            LedgerView(
                lane: 0, source: LedgerView.name(of: index) { ring.sources[$0] },
                books: SourceLedger(entry))
        }
    }

    /// The ledger for people.
    package var lines: [String] {
        if views.isEmpty { return ["\(path): nothing was counted yet"] }
        return [path] + views.flatMap(lines)
    }

    private func lines(_ view: LedgerView) -> [String] {
        let books = view.books
        let figures: [(String, UInt64, String)] = [
            ("received", books.received.datagrams, "datagrams, \(books.received.bytes) bytes"),
            ("accepted", books.accepted.datagrams, "datagrams"),
            ("committed", books.committed.datagrams, "datagrams"),
            ("in the ring", books.inRing.datagrams, "datagrams"),
            ("stored", books.stored.datagrams, "datagrams, whose lines nobody has counted"),
            ("returned", books.returned.datagrams, "datagrams, to be committed once more"),
            ("lost", books.lost.datagrams, "datagrams, by a power cut or damage"),
            ("dropped newest", books.newest.datagrams, "datagrams, the ring was full"),
            ("dropped oldest", books.oldest.datagrams, "datagrams, the ring was full"),
            ("truncated", books.truncated.datagrams, "datagrams, larger than udp.datagram_max"),
            ("refused", books.refused.datagrams, "datagrams, not from udp.allow"),
            ("empty", books.empty.datagrams, "datagrams"),
            ("kernel dropped", books.kernelDropped, "datagrams, not in received"),
            ("lines", books.lines, "in what was committed"),
            ("rows", books.rows, "lines"), ("duplicates", books.duplicates, "lines"),
        ]
        let always: Set = ["received", "accepted", "committed", "in the ring", "lines", "rows"]
        let rejected = RejectReason.all.map {
            ("rejected", books.rejected[Int($0.rawValue)], "lines, \($0.name)")
        }
        return ["  \(view.source)"]
            + (figures + rejected).filter { $0.1 > 0 || always.contains($0.0) }
            .map { "    \(padded($0.0)) \($0.1) \($0.2)" } + [balance(books)]
    }

    private func balance(_ books: SourceLedger) -> String {
        let balance = books.imbalance
        if balance.isNone { return "    it adds up" }
        return isAtRest
            ? "    it does not add up: \(balance)"
            : "    at this moment it is off by \(balance); the daemon works on it"
    }

    private func padded(_ name: String) -> String {
        name + String(repeating: " ", count: max(0, 14 - name.count))
    }

    /// Whether the books of a ring that nobody works on add up.
    package var isSound: Bool { !isAtRest || views.allSatisfy(\.books.imbalance.isNone) }

    /// One object on one line.
    package var json: String {
        let sources = views.map { view in
            let books = view.books
            let counts: [(String, SourceLedger.Count)] = [
                ("received", books.received), ("accepted", books.accepted),
                ("committed", books.committed), ("in_ring", books.inRing),
                ("stored", books.stored), ("returned", books.returned), ("lost", books.lost),
                ("dropped_newest", books.newest), ("dropped_oldest", books.oldest),
                ("truncated", books.truncated), ("refused", books.refused),
                ("empty", books.empty),
            ]
            let pairs = counts.map {
                "\"\($0.0)\":{\"datagrams\":\($0.1.datagrams),\"bytes\":\($0.1.bytes)}"
            }
            let numbers: [(String, UInt64)] = [
                ("kernel_dropped", books.kernelDropped), ("dropped_lines", books.droppedLines),
                ("lines", books.lines), ("rows", books.rows), ("duplicates", books.duplicates),
                ("unmatched_values", books.unmatchedValues),
                ("timestamps_cut", books.timestampsCut),
            ]
            let rejected = RejectReason.all.compactMap { reason in
                let count = books.rejected[Int(reason.rawValue)]
                return count > 0 ? "\"\(reason.name)\":\(count)" : nil
            }
            let all =
                ["\"listener\":\(JSONText.quoted(view.source))"] + pairs
                + numbers.map { "\"\($0.0)\":\($0.1)" }
                + ["\"rejected\":{\(rejected.joined(separator: ","))}"]
                + ["\"adds_up\":\(books.imbalance.isNone)"]
            return "{\(all.joined(separator: ","))}"
        }
        return
            "{\"path\":\(JSONText.quoted(path)),\"listeners\":[\(sources.joined(separator: ","))]}"
    }
}
