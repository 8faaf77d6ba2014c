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

/// The first of the folders that the service manager has made for this service.
///
/// - Parameter variable: `STATE_DIRECTORY`, `RUNTIME_DIRECTORY`, …; see systemd.exec(5).
package func managedDirectory(_ variable: String, environment: EnvironmentLookup) -> String? {
    environment(variable)?.split(separator: ":").first.map(String.init)
}
