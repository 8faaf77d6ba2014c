import Testing

@testable import Ingest

@Suite struct AnswerTests {
    private var scene = Scene()
    private var answers = AnswerWatch()

    private mutating func wait(seconds: Int) -> [AnswerWatch.Change] {
        var changes: [AnswerWatch.Change] = []
        for _ in 0..<seconds {
            changes += answers.look(scene.after(1) { $0.isWaitingForDatabase = true })
        }
        return changes
    }

    @Test mutating func `a database that does not answer is told once, and its answer once`() {
        let begin = wait(seconds: 76)
        #expect(begin == [.slow(lane: 0, .seconds(10))])
        #expect(answers.longest == .seconds(75))
        let end = answers.look(scene.after(1) { $0.laneTurns += 1 })
        #expect(end == [.over(lane: 0, after: .seconds(76))])
        #expect(answers.longest == nil)
        let later = wait(seconds: 5)
        #expect(later.isEmpty)
    }

    @Test mutating func `a call that is left unanswered too long is overdue once`() {
        _ = wait(seconds: 59)
        #expect(answers.overdue(.seconds(60), at: scene.snapshot.time) == [])
        #expect(answers.overdue(.zero, at: scene.snapshot.time + .seconds(9_000)) == [])
        _ = wait(seconds: 2)
        #expect(answers.overdue(.seconds(60), at: scene.snapshot.time) == [0])
        _ = wait(seconds: 60)
        #expect(answers.overdue(.seconds(60), at: scene.snapshot.time) == [])
        _ = answers.look(scene.after(1) { $0.laneTurns += 1 })
        _ = wait(seconds: 61)
        #expect(answers.overdue(.seconds(60), at: scene.snapshot.time) == [0])
    }

    @Test mutating func `a call that does not come back from a cut connection is stuck`() {
        _ = wait(seconds: 61)
        _ = answers.overdue(.seconds(60), at: scene.snapshot.time)
        #expect(!answers.isStuck(lane: 0, .seconds(60), at: scene.snapshot.time))
        _ = wait(seconds: 60)
        #expect(answers.isStuck(lane: 0, .seconds(60), at: scene.snapshot.time))
        #expect(!answers.isStuck(lane: 1, .seconds(60), at: scene.snapshot.time))
        _ = answers.look(scene.after(1) { $0.laneTurns += 1 })
        #expect(!answers.isStuck(lane: 0, .seconds(60), at: scene.snapshot.time))
    }

    @Test mutating func `a writer that turns while it waits is answered`() {
        var changes: [AnswerWatch.Change] = []
        for _ in 0..<60 {
            changes += answers.look(
                scene.after(1) {
                    $0.isWaitingForDatabase = true
                    $0.laneTurns += 1
                })
        }
        #expect(changes.isEmpty)
    }

    @Test mutating func `tries during an outage are not told again`() {
        scene.report.state = .unavailable(why: "connection refused")
        let changes = wait(seconds: 60)
        #expect(changes.isEmpty)
        #expect(answers.longest == nil)
    }

    @Test mutating func `the status line says how long`() {
        let before = scene.snapshot
        _ = wait(seconds: 76)
        let text = StatusLine.text(scene.snapshot, since: before, waiting: answers.longest)
        #expect(text.hasPrefix("waiting for the database's answer for 75 s, receiving"))
    }
}
