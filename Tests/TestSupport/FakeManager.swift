import Glibc

/// A Unix datagram socket that plays the service manager or journald.
package final class FakeManager {
    /// What `NOTIFY_SOCKET` says.
    package let address: String
    private let descriptor: Int32
    private let folder: String?

    package struct Failure: Error { package let code: Int32 }

    /// - Parameter isAbstract: an abstract name instead of a file.
    package init(isAbstract: Bool = false) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        var template = Array("/tmp/sluice-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(code: errno) }
        let folder = String(
            decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        self.folder = folder
        let path = "\(folder)/socket"
        address = isAbstract ? "@\(path)" : path
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = isAbstract ? [0] + Array(path.utf8) : Array(path.utf8) + [0]
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let status = withUnsafePointer(to: name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard status == 0 else { throw Failure(code: errno) }
    }

    deinit {
        close(descriptor)
        guard let folder else { return }
        unlink("\(folder)/socket")
        rmdir(folder)
    }

    /// The next datagram, or `nil` when none has come: a sender has returned before this looks.
    package func next() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    package func nextText() -> String? {
        next().map { String(decoding: $0, as: UTF8.self) }
    }

    /// The next datagram with the descriptor that came beside it, which is the caller's to close.
    package func nextWithDescriptor() -> (text: String, descriptor: Int32)? {
        var bytes = [UInt8](repeating: 0, count: 1 << 10)
        // One control message: its header, 16 bytes, and the descriptor, padded.
        var control = [UInt64](repeating: 0, count: 3)
        return bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    let count = recvmsg(descriptor, &message, Int32(MSG_DONTWAIT))
                    guard count >= 0, message.msg_controllen >= 20 else { return nil }
                    let passed = control.load(fromByteOffset: 16, as: Int32.self)
                    return (String(decoding: bytes.prefix(count), as: UTF8.self), passed)
                }
            }
        }
    }
}
