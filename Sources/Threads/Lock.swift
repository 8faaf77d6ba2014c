import Glibc

/// A value that only one thread touches at a time, with a condition to wait for.
///
/// A pthread mutex and not the standard library's `Mutex`: the thread sanitizer does not see
/// through the latter, and it has no condition variable. Give it a value that has a size: the
/// sanitizer takes an empty one for what lies beside it.
@safe
package final class Lock<Value>: @unchecked Sendable {
    // @unchecked: `value` is only reached between lock and unlock.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    package init(_ value: consuming sending Value) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        self.value = value
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        // The wall clock may jump; a wait must not.
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Runs `body` while no other thread can touch the value. Keep it short; never call it again
    /// from inside.
    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Wakes every thread that waits.
    package func wakeAll() {
        unsafe pthread_cond_broadcast(condition)
    }

    /// Waits until `ready` answers true.
    package func wait(until ready: (inout sending Value) -> Bool) {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while !ready(&value) { unsafe pthread_cond_wait(condition, mutex) }
    }

    /// Waits until `ready` answers true or `patience` is over.
    ///
    /// - Returns: whether `ready` answered true.
    package func wait(
        atMost patience: Duration, until ready: (inout sending Value) -> Bool
    ) -> Bool {
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
        let (seconds, attoseconds) = patience.components
        deadline.tv_sec += Int(seconds)
        deadline.tv_nsec += Int(attoseconds / 1_000_000_000)
        if deadline.tv_nsec >= 1_000_000_000 {
            deadline.tv_sec += 1
            deadline.tv_nsec -= 1_000_000_000
        }
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while !ready(&value) {
            if unsafe pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT {
                return ready(&value)
            }
        }
        return true
    }
}
