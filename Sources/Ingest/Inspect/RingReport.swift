import Glibc
package import Ring

/// What `sluice ring show` and `sluice ring verify` say of one ring.
package struct RingReport: Sendable {
    let path: String
    let ring: RingInspection
    /// Nanoseconds since 1970.
    let now: Int64

    /// Reads a whole ring, and changes nothing.
    package init(path: String) throws(RingCommandError) {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        do throws(RingError) {
            self.init(path: path, ring: try Ring.inspect(path: path), now: now)
        } catch {
            throw RingCommandError(reading: error)
        }
    }

    package init(path: String, ring: RingInspection, now: Int64) {
        self.path = path
        self.ring = ring
        self.now = now
    }

    /// Whether nothing is damaged or missing.
    package var isSound: Bool { problems.isEmpty }

    /// Each damage on a line.
    package var problems: [String] {
        var problems = ring.damages.map { damage in
            "\(path): position \(damage.position), file offset \(damage.fileOffset), "
                + "\(damage.bytes) bytes: \(meaning(damage))"
        }
        func add(_ count: Int, _ what: String) {
            if count > 0 { problems.append("\(path): \(count) \(what)") }
        }
        add(ring.framesMissing, "datagrams are missing that were in the ring")
        add(ring.isHeaderDamaged ? 1 : 0, "copy of the header is damaged; the other one is used")
        add(ring.damagedSourceNames, "names of listeners are damaged")
        add(ring.damagedLedgerRecords, "records of counters are damaged")
        return problems
    }

    private func meaning(_ damage: Damage) -> String {
        switch damage.kind {
        case .payload:
            "one datagram" + (damage.source.map { " of \(name(Ring.ledgerIndex(of: $0)))" } ?? "")
        case .unreadable: "no datagram can be read there"
        case .tornHead: "not written to the end; nothing follows"
        }
    }

    /// What `verify` says in the end.
    package var verdict: String {
        let held = ring.holder.map { "; process \($0) works on it" } ?? ""
        let frames = "\(ring.frameCount) whole datagrams"
        return isSound
            ? "\(path): sound, \(frames)\(held)" : "\(path): damaged, \(frames) are left\(held)"
    }

    /// Sources from the last record's on share it.
    func name(_ index: Int) -> String {
        let name = ring.sources[UInt16(index)].map { $0.isEmpty ? "?" : $0 } ?? "source \(index)"
        let isShared = index == LedgerLimits.recordCount - 1
        return isShared && ring.sources.keys.contains { Int($0) > index }
            ? "\(name) and others" : name
    }

    var fill: Double { Double(ring.usedBytes) / Double(ring.capacity) * 100 }
}

// MARK: - As text

extension RingReport {
    /// What `show` prints.
    package var lines: [String] {
        [
            path,
            "  size       \(Size.text(ring.capacity)) for readings, \(tenths(fill)) % taken",
            "  datagrams  \(ring.frameCount) with \(ring.payloadBytes) bytes",
            "  oldest     \(age(ring.oldestReceivedAt))",
            "  newest     \(age(ring.newestReceivedAt))",
            "  positions  tail \(ring.tail), head \(ring.head), confirmed by the database "
                + "\(ring.confirmed)",
            "  identity   \(ring.identity)",
            "  state      \(state)",
        ] + ring.records.map { "  from       \(name($0.index)): \(counts($0))" }
            + (isSound ? ["  damage     none"] : problems.map { "  damage     \(short($0))" })
    }

    private var state: String {
        if let holder = ring.holder { return "process \(holder) works on it" }
        return ring.isClean ? "closed in order" : "not closed in order; the next start looks at it"
    }

    private func counts(_ record: SourceRecovery) -> String {
        let all = record.inRing + record.counted
        let stored = record.counted.frames
        return "\(all.frames) datagrams with \(all.bytes) bytes"
            + (stored > 0 ? ", of which the database has \(stored)" : "")
    }

    private func short(_ problem: String) -> Substring { problem.dropFirst(path.count + 2) }

    private func age(_ time: Int64?) -> String {
        time.map { "\(timeText($0)), \(seconds(now &- $0)) s ago" } ?? "-"
    }

    private func tenths(_ value: Double) -> String {
        let (whole, rest) = Int((value * 10).rounded()).quotientAndRemainder(dividingBy: 10)
        return "\(whole).\(rest)"
    }

    private func seconds(_ nanoseconds: Int64) -> Int64 { nanoseconds / 1_000_000_000 }

    private func timeText(_ nanoseconds: Int64) -> String {
        let (second, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let isBefore = rest < 0
        return Ingest.timeText(
            timespec(
                tv_sec: Int(isBefore ? second - 1 : second),
                tv_nsec: Int(isBefore ? rest + 1_000_000_000 : rest)))
    }
}

// MARK: - As JSON

extension RingReport {
    /// One object on one line.
    package var json: String {
        let sources = ring.records.map { record in
            let all = record.inRing + record.counted
            return """
                {"name":\(JSONText.quoted(name(record.index))),"datagrams":\(all.frames),\
                "bytes":\(all.bytes),"stored":\(record.counted.frames)}
                """
        }
        let damages = ring.damages.map { damage in
            """
            {"position":\(damage.position),"file_offset":\(damage.fileOffset),\
            "bytes":\(damage.bytes),"kind":"\(damage.kind.word)"}
            """
        }
        return """
            {"path":\(JSONText.quoted(path)),"identity":"\(ring.identity)",\
            "created_at":\(quoted(ring.createdAt)),"file_bytes":\(ring.fileBytes),\
            "capacity":\(ring.capacity),"used_bytes":\(ring.usedBytes),\
            "fill_percent":\(tenths(fill)),"datagrams":\(ring.frameCount),\
            "bytes":\(ring.payloadBytes),"oldest_at":\(quoted(ring.oldestReceivedAt)),\
            "oldest_age_seconds":\(ring.oldestReceivedAt.map { "\(seconds(now &- $0))" } ?? "null"),\
            "newest_at":\(quoted(ring.newestReceivedAt)),"tail":\(ring.tail),"head":\(ring.head),\
            "confirmed":\(ring.confirmed),"holder":\(ring.holder.map { "\($0)" } ?? "null"),\
            "is_clean":\(ring.isClean),"sources":[\(sources.joined(separator: ","))],\
            "is_sound":\(isSound),"missing":\(ring.framesMissing),\
            "damages":[\(damages.joined(separator: ","))]}
            """
    }

    private func quoted(_ time: Int64?) -> String { time.map { "\"\(timeText($0))\"" } ?? "null" }
}

extension Damage.Kind {
    fileprivate var word: String {
        switch self {
        case .payload: "payload"
        case .unreadable: "unreadable"
        case .tornHead: "torn_head"
        }
    }
}
