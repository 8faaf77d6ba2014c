import Threads

extension PlainThread {
    /// How often a service looks whether a thread has ended.
    private static let look = Duration.milliseconds(10)

    /// Waits for the thread's end without holding a thread of the cooperative pool. Call it exactly
    /// once, and not together with `join`.
    func joinWhenEnded() async {
        while !hasEnded { try? await Task.sleep(for: Self.look) }
        join()
    }
}
