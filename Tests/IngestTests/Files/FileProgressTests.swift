import Postgres
import Testing

@testable import Ingest

/// The database's word decides what of a chunk is written.
@Suite struct FileProgressTests {
    private let key = FileKey(
        FileIdentity(device: 1, inode: 2), FileFingerprint(length: 10, hash: 3))

    private func progress(at position: UInt64?) throws -> FileProgress {
        var session = RowsSession()
        if let position { session.rows = [[key.text, "\(position)"]] }
        var progress = FileProgress(owner: "owner")
        _ = try progress.read([key], &session)
        return progress
    }

    private func verdict(
        _ start: UInt64, _ end: UInt64, _ flags: FileChunk.Flags = [], at position: UInt64?,
        comesAgain: Bool = true
    ) throws -> FileProgress.Verdict {
        var progress = try progress(at: position)
        return progress.take(
            FileChunk(key, start: start, end: end, flags: flags), lineBytes: Int(end - start),
            comesAgain: comesAgain)
    }

    @Test func `what follows is written, and what is stored is passed over`() throws {
        #expect(try verdict(0, 10, at: nil) == .write(from: 0))
        #expect(try verdict(10, 20, at: 10) == .write(from: 0))
        #expect(try verdict(0, 10, at: 10) == .alreadyStored)
        #expect(try verdict(5, 20, at: 10) == .write(from: 5))
    }

    @Test func `behind a gap it waits, unless nothing comes to fill it`() throws {
        #expect(try verdict(20, 30, at: 10) == .early)
        #expect(try verdict(20, 30, at: nil) == .early)
        #expect(try verdict(20, 30, at: 10, comesAgain: false) == .write(from: 0))
    }

    @Test func `what is missing for good is counted, and pieces of other stripes are not missing`()
        throws
    {
        var progress = try progress(at: 10)
        _ = progress.take(FileChunk(key, start: 20, end: 30), lineBytes: 10, comesAgain: false)
        #expect(progress.takeLostBytes() == 0)
        _ = progress.committed()
        #expect(progress.takeLostBytes() == 10)
        #expect(progress.takeLostBytes() == 0)
        var part = key
        part.stripe = FileStripe(base: 0, index: 0, count: 2, bytes: 100)
        for start in [0, 200] as [UInt64] {
            let chunk = FileChunk(part, start: start, end: start + 100)
            #expect(
                progress.take(chunk, lineBytes: 100, comesAgain: false) == .write(from: 0))
        }
        _ = progress.committed()
        #expect(progress.takeLostBytes() == 0)
    }

    @Test func `another content begins where its first chunk does`() throws {
        #expect(try verdict(0, 10, .restart, at: 1_000) == .write(from: 0))
        #expect(try verdict(700, 710, .restart, at: nil) == .write(from: 0))
    }

    @Test func `an empty file gets a row once`() throws {
        #expect(try verdict(0, 0, .isLast, at: nil) == .write(from: 0))
        #expect(try verdict(0, 0, .isLast, at: 0) == .alreadyStored)
    }

    @Test func `chunks of one batch follow each other, and a rollback forgets them`() throws {
        var progress = try progress(at: 10)
        func take(_ start: UInt64, _ end: UInt64) -> FileProgress.Verdict {
            progress.take(
                FileChunk(key, start: start, end: end), lineBytes: Int(end - start),
                comesAgain: true)
        }
        #expect(take(10, 20) == .write(from: 0))
        #expect(take(20, 30) == .write(from: 0))
        #expect(take(10, 20) == .alreadyStored)
        progress.giveUp()
        #expect(take(10, 20) == .write(from: 0))
        #expect(progress.committed() == [KnownFile(key, position: 20)])
        #expect(take(10, 20) == .alreadyStored)
    }

    @Test func `a row that is not as it was read is told`() throws {
        var session = RowsSession()
        session.rows = [[key.text, "10"]]
        var progress = FileProgress(owner: "owner")
        _ = try progress.read([key], &session)
        _ = progress.take(FileChunk(key, start: 10, end: 20), lineBytes: 10, comesAgain: true)
        session.rows = []
        #expect(try !progress.move(&session))
        session.rows = [["1"]]
        #expect(try progress.move(&session))
    }

    @Test func `a stripe's row is read again for each batch, a file's is remembered`() throws {
        var part = key
        part.stripe = FileStripe(base: 0, index: 0, count: 2, bytes: 100)
        var session = RowsSession()
        session.rows = [[key.text, "10"], [part.text, "100"]]
        var progress = FileProgress(owner: "owner")
        _ = try progress.read([key, part], &session)
        // Another lane has moved the stripe on.
        session.rows = [[key.text, "20"], [part.text, "300"]]
        _ = try progress.read([key, part], &session)
        let chunk = FileChunk(part, start: 200, end: 300)
        #expect(progress.take(chunk, lineBytes: 100, comesAgain: false) == .alreadyStored)
        let next = FileChunk(key, start: 10, end: 20)
        #expect(progress.take(next, lineBytes: 10, comesAgain: true) == .write(from: 0))
    }

    @Test func `within a batch only files whose row was read are known, and stripes never`() throws
    {
        var part = key
        part.stripe = FileStripe(base: 0, index: 0, count: 2, bytes: 100)
        let other = FileKey(FileIdentity(device: 1, inode: 3), key.fingerprint)
        var session = RowsSession()
        var progress = FileProgress(owner: "owner")
        _ = try progress.read([key, part], &session)
        #expect(progress.isKnown(key) && !progress.isKnown(other) && !progress.isKnown(part))
        #expect(progress.isKnown(FileKey(.stream, .none)))
        progress.forget()
        #expect(!progress.isKnown(key))
    }

    @Test func `a stripe of another content with the same place is none of ours`() throws {
        let stripe = FileStripe(base: 0, index: 0, count: 2, bytes: 100)
        let other = FileKey(key.identity, FileFingerprint(length: 10, hash: 4), stripe: stripe)
        let ours = FileKey(key.identity, key.fingerprint, stripe: stripe)
        var session = RowsSession()
        session.rows = [[other.text, "1000"]]
        var progress = FileProgress(owner: "owner")
        _ = try progress.read([ours], &session)
        let chunk = FileChunk(ours, start: 0, end: 100)
        #expect(progress.take(chunk, lineBytes: 100, comesAgain: false) == .write(from: 0))
    }

    @Test func `standard input has no row`() throws {
        let stream = FileKey(.stream, FileFingerprint(length: 0, hash: 0))
        var progress = FileProgress(owner: "owner")
        let chunk = FileChunk(stream, start: 100, end: 200)
        #expect(progress.take(chunk, lineBytes: 100, comesAgain: false) == .write(from: 0))
        #expect(!progress.isTouched)
    }
}

/// A session that answers every query with the same rows.
private struct RowsSession: DatabaseSession, ~Copyable {
    var rows: [[String?]] = []
    var isBroken: Bool { false }
    var role: String { "" }
    var redacted: String { "" }
    var serverProcess: Int32 { 1 }
    var serverVersion: Int { 150_000 }
    var sever: @Sendable () -> Void { {} }

    mutating func execute(_ sql: String) throws(PostgresError) -> Int { 0 }
    mutating func query(_ sql: String, _ parameters: [String?]) throws(PostgresError)
        -> [[String?]]
    { rows }
    mutating func checkIdle() throws(PostgresError) {}
    mutating func catalog() throws(PostgresError) -> Catalog { fatalError("not asked for") }
    mutating func beginCopy(_ sql: String) throws(PostgresError) {}
    mutating func putCopyData(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {}
    mutating func finishCopy() throws(PostgresError) -> Int { 0 }
    mutating func abandonCopy(_ reason: String) {}
}
