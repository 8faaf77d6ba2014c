import ArgumentParser

/// The one binary; what it does is said by the subcommand.
@main
struct Sluice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Takes sensor readings in line protocol and puts them into PostgreSQL.",
        version: version,
        subcommands: [
            Run.self, Status.self, Reload.self, Check.self, Import.self, RejectsCommand.self,
            Parse.self, Simulate.self,
            RingCommand.self,
        ])
}
