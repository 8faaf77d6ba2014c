import ArgumentParser
import Glibc
import Ingest

/// `sluice check`: what the configuration means.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the configuration and print the plan.",
        discussion: """
            Prints where Sluice listens, how much memory it takes at most, and which measurement, \
            tag and field goes to which table and column with which type. Ends with 0 when all is \
            in order, with 78 when the configuration or a table is not, and with 69 when the \
            database could not be asked.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let check = CheckReport(try options.load())
        for line in check.lines { print(line) }
        for problem in check.problems { report(problem) }
        if !check.hasSeenDatabase { throw ExitCode(EX_UNAVAILABLE) }
        if !check.problems.isEmpty { throw ExitCode(EX_CONFIG) }
    }
}
