import Ingest
import Testing

/// Reads a configuration as if the environment were empty but for what is given.
func parse(
    _ text: String, environment: [String: String] = [:]
) throws(ConfigurationError) -> Configuration {
    try Configuration.parse(text, path: "sluice.toml") { environment[$0] }
}

/// The lines of the error that a text causes; empty when it causes none.
func problems(_ text: String) -> [String] {
    do {
        _ = try parse(text)
        return []
    } catch {
        return error.lines
    }
}
