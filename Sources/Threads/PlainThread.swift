import CLinux
import Glibc
import Synchronization

/// A kernel thread that runs one function to its end.
///
/// The hot loops block in system calls; on Swift's cooperative pool they would starve everything
/// else there.
package final class PlainThread: Sendable {
    private let identifier: pthread_t
    private let work: Work

    /// Starts the thread with signals blocked, so that the process's signal handling stays with
    /// those who ask for it.
    ///
    /// - Parameter name: what `ps -L` and debuggers show; the kernel keeps 15 bytes of it.
    package init(name: String, _ body: @escaping @Sendable () -> Void) {
        work = Work(name: name, body: body)
        let reference = unsafe Unmanaged.passRetained(work)
        var every = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&every)
        unsafe pthread_sigmask(SIG_SETMASK, &every, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        var identifier = pthread_t()
        let status = unsafe pthread_create(
            &identifier, nil,
            { argument in
                let work = unsafe Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue()
                work.run()
                return nil
            }, reference.toOpaque())
        precondition(status == 0, "pthread_create failed with \(status)")
        self.identifier = identifier
    }

    /// Whether the function has returned: then `join` does not wait.
    package var hasEnded: Bool { work.hasEnded.load(ordering: .acquiring) }

    /// Waits for the thread's end, and gives back what the system keeps for it. Call it exactly
    /// once.
    package func join() {
        pthread_join(identifier, nil)
    }

    private final class Work: Sendable {
        let hasEnded = Atomic<Bool>(false)
        private let name: String
        private let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            unsafe clinux_set_thread_name(name)
            body()
            hasEnded.store(true, ordering: .releasing)
        }
    }
}
