import CLinux
import Glibc

/// A kernel thread that runs one function to its end.
///
/// The hot loops block in system calls; on Swift's cooperative pool they would starve everything
/// else there.
@safe
package struct PlainThread: @unchecked Sendable {
    // @unchecked: `pthread_t` is an identifier, never followed.
    private let identifier: pthread_t

    /// Starts the thread with signals blocked, so that the process's signal handling stays with
    /// those who ask for it.
    ///
    /// - Parameter name: what `ps -L` and debuggers show; the kernel keeps 15 bytes of it.
    package init(name: String, _ body: @escaping @Sendable () -> Void) {
        let box = unsafe Unmanaged.passRetained(Body(name: name, run: body))
        var every = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&every)
        unsafe pthread_sigmask(SIG_SETMASK, &every, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        var identifier = pthread_t()
        let status = unsafe pthread_create(
            &identifier, nil,
            { argument in
                let body = unsafe Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue()
                unsafe clinux_set_thread_name(body.name)
                body.run()
                return nil
            }, box.toOpaque())
        precondition(status == 0, "pthread_create failed with \(status)")
        self.identifier = identifier
    }

    /// Waits for the thread's end. Call it exactly once.
    package func join() {
        pthread_join(identifier, nil)
    }

    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }
}
