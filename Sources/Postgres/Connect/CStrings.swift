import Glibc

/// Texts in the form in which libpq takes lists of them: pointers, with NULL at the end.
@safe
struct CStrings: ~Copyable {
    private var pointers: [UnsafePointer<CChar>?]

    /// Copies the texts; nil becomes NULL.
    init(_ texts: [String?]) {
        unsafe pointers = texts.map { text in
            guard let text else { return nil }
            return unsafe UnsafePointer(strdup(text))
        }
        unsafe pointers.append(nil)
    }

    deinit {
        for index in unsafe pointers.indices {
            unsafe free(UnsafeMutablePointer(mutating: pointers[index]))
        }
    }

    /// Lends the list; it must not outlive `body`.
    borrowing func withPointers<Result>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }
}
