import Glibc

/// Something in the configuration file that is not right, in one line.
package struct ConfigurationProblem: Sendable, Equatable {
    /// Counted from 1; `nil` when it is about the file as a whole.
    package let line: Int?
    /// What is wrong and what would be right.
    package let text: String

    package init(line: Int?, text: String) {
        self.line = line
        self.text = text
    }
}

/// Why there is no configuration to work with.
package enum ConfigurationError: Error, Equatable, CustomStringConvertible {
    case notFound(path: String)
    case unreadable(path: String, reason: String)
    /// Everything that is wrong in the file, by line; never empty.
    case invalid(path: String, [ConfigurationProblem])

    /// One line for each problem: where, what, and what to do.
    package var lines: [String] {
        switch self {
        case .notFound(let path):
            return [
                "\(path): there is no such file; write one (an empty file means all defaults) "
                    + "or name another with --config FILE"
            ]
        case .unreadable(let path, let reason):
            return ["\(path): cannot be read: \(reason)"]
        case .invalid(let path, let problems):
            return problems.map { problem in
                let place = problem.line.map { "\(path):\($0)" } ?? path
                return "\(place): \(problem.text)"
            }
        }
    }

    package var description: String { lines.joined(separator: "\n") }

    /// From sysexits(3).
    package var exitCode: Int32 {
        switch self {
        case .notFound, .unreadable: return EX_NOINPUT
        case .invalid: return EX_CONFIG
        }
    }
}
