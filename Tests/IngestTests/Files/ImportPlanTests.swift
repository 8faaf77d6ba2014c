import Testing

@testable import Ingest

/// Where an import begins, and what it shows.
@Suite struct ImportPlanTests {
    private let identity = FileIdentity(device: 1, inode: 2)
    private let first = Array("m f=1\nm f=2\n".utf8)

    private var key: FileKey {
        FileKey(identity, first.withUnsafeBytes { FileFingerprint(of: $0) })
    }

    private func stripe(_ index: UInt16, at position: UInt64) -> KnownFile {
        var key = key
        key.stripe = FileStripe(base: 1_000, index: index, count: 3, bytes: 1 << 20)
        return KnownFile(key, position: position)
    }

    private func plan(
        _ known: [KnownFile], size: UInt64? = 1 << 30, lanes: Int = 2
    ) -> ImportPlan {
        first.withUnsafeBytes {
            ImportPlan(identity, first: $0, size: size, known: known, lanes: lanes)
        }
    }

    @Test func `a new file is begun, and shared out when it is large`() {
        #expect(plan([]).start == 0)
        #expect(plan([]).stripes?.count == ImportLimits.stripeCount)
        #expect(plan([], lanes: 1).stripes == nil)
        #expect(plan([], size: 1_000).stripes == nil)
        #expect(!plan([]).isRestart)
    }

    @Test func `a known file is gone on with`() {
        let plan = plan([KnownFile(key, position: 500)])
        #expect(plan.start == 500)
        #expect(plan.stripes?.base == 500)
    }

    @Test func `another content under the same identity is begun anew`() {
        let other = FileKey(identity, FileFingerprint(length: 3, hash: 1))
        #expect(plan([KnownFile(other, position: 500)]).isRestart)
        #expect(plan([KnownFile(other, position: 500)]).start == 0)
    }

    @Test func `stripes are gone on with as they were cut, with any number of lanes`() {
        let megabyte: UInt64 = 1 << 20
        let all = [
            KnownFile(key, position: 1_000), stripe(0, at: 1_000 + 7 * megabyte),
            stripe(1, at: 1_000 + 5 * megabyte - 13), stripe(2, at: 1_000 + 6 * megabyte),
        ]
        for lanes in [1, 2, 8] {
            let plan = plan(all, lanes: lanes)
            #expect(plan.stripes == ImportPlan.Stripes(base: 1_000, count: 3, bytes: 1 << 20))
            #expect(plan.start == 1_000 + 5 * megabyte - 13)
        }
        // Of the third stripe nothing is in: reading begins at a line that is known to begin there.
        #expect(plan(Array(all[..<3])).start == 1_000)
    }

    @Test func `pieces that are in are not read again, but for the last one`() {
        let megabyte: UInt64 = 1 << 20
        // Lines reach over the ends of the pieces.
        let all = (0..<3).map { stripe($0, at: 1_000 + UInt64($0 + 4) * megabyte + 7) }
        // Pieces 3, 4 and 5 are in.
        #expect(plan(all).start == 1_000 + 5 * megabyte + 7)
        // Of piece 4 only a part is.
        let part = stripe(1, at: 1_000 + 4 * megabyte + 50)
        #expect(plan([all[0], part, all[2]]).start == 1_000 + 4 * megabyte + 50)
        let stripes = ImportPlan.Stripes(base: 10, count: 3, bytes: 100)
        let missing = [(0, 10), (0, 60), (0, 115), (0, 310), (1, 10), (2, 310), (2, 309)].map {
            stripes.firstMissing(ofStripe: $0, at: $1)
        }
        #expect(missing == [10, 60, 310, 310, 110, 510, 309])
    }

    @Test func `stripes are gone on with under the fingerprint that they were begun with`() {
        // The file had fewer bytes then.
        let earlier = first[..<8].withUnsafeBytes { FileFingerprint(of: $0) }
        var row = stripe(0, at: 5_000)
        row.key.fingerprint = earlier
        let plan = plan([row], lanes: 3)
        #expect(plan.key.fingerprint == earlier)
        #expect(plan.stripes?.base == 1_000)
    }

    @Test func `stripes of another content say nothing`() {
        var row = stripe(0, at: 5_000)
        row.key.fingerprint = FileFingerprint(length: 3, hash: 1)
        let plan = plan([row])
        #expect(plan.start == 0)
        #expect(plan.stripes?.base == 0)
        #expect(plan.key == key)
    }

    @Test func `stripes that the file's own row has overtaken say nothing`() {
        let plan = plan([stripe(0, at: 5_000), KnownFile(key, position: 9_000)])
        #expect(plan.start == 9_000)
    }

    @Test func `the bar fits into the terminal`() {
        var progress = ImportDisplay.Progress(
            name: "/srv/archive/a-rather-long-name/2025-03.lp", bytes: 210_000_000, skipped: 0,
            total: 508_000_000, rows: 4_120_000, rejected: 0, seconds: 10)
        for columns in [20, 40, 80, 200] {
            let text = ImportDisplay.text(progress, columns: columns)
            #expect(text.unicodeScalars.count < columns)
        }
        #expect(
            ImportDisplay.text(progress, columns: 200)
                == "/srv/archive/a-rather-long-name/2025-03.lp [########------------] 41 %,"
                + " 210 MB of 508 MB, 412000 rows/s, 14 s left")
        progress.waiting = "connection refused"
        #expect(
            ImportDisplay.text(progress, columns: nil)
                == "/srv/archive/a-rather-long-name/2025-03.lp: 41 %, 210 MB of 508 MB,"
                + " 412000 rows/s, waiting for the database: connection refused")
    }

    @Test func `rows of a binary COPY are counted in pieces of any size`() {
        let copy: [UInt8] =
            CopyBytes.header + [0, 2, 0, 0, 0, 3, 1, 2, 3, 0xFF, 0xFF, 0xFF, 0xFF]
            + [0, 1, 0, 0, 0, 0] + [0xFF, 0xFF]
        for size in 1...copy.count {
            var counter = CopyCounter()
            for start in stride(from: 0, to: copy.count, by: size) {
                copy[start..<min(start + size, copy.count)].withUnsafeBytes { counter.add($0) }
            }
            #expect(counter.rows == 2)
        }
    }
}

private enum CopyBytes {
    static let header =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
}
