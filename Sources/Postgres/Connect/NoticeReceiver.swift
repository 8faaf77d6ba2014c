import CLibPQ

/// Takes the server's notices and warnings away from libpq, which would print them to standard
/// error.
///
/// Only the thread that owns the connection calls it, from inside libpq.
final class NoticeReceiver {
    private let handle: (PostgresError) -> Void

    init(_ handle: @escaping (PostgresError) -> Void) {
        self.handle = handle
    }

    /// Danger: libpq keeps an unretained reference; the receiver must outlive the connection.
    func attach(to connection: OpaquePointer) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context = unsafe context, let result = unsafe result else { return }
                let receiver = unsafe Unmanaged<NoticeReceiver>.fromOpaque(context)
                    .takeUnretainedValue()
                unsafe receiver.handle(PostgresError(result: result))
            }, context)
    }
}
