import Glibc

/// Reads one variable of the process's environment.
///
/// Everything here that depends on the environment takes such a function, because a test that
/// changed the real one would race with every other thread that reads it.
package typealias EnvironmentLookup = (_ name: String) -> String?

/// The real environment; an empty variable counts as none.
package func processEnvironment(_ name: String) -> String? {
    guard let value = unsafe getenv(name), let text = unsafe String(validatingCString: value) else {
        return nil
    }
    return text.isEmpty ? nil : text
}
