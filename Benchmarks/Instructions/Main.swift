import Glibc
import Workloads

/// Does some work and nothing else, so that its instructions can be counted from outside.
@main
enum Main {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments == ["--list"] { return list() }
        guard arguments.count == 2, let name = arguments.first, let last = arguments.last,
            let entry = WorkloadEntry.named(name), let units = Int(last), units >= 0
        else {
            fail("usage: sluice-workload NAME UNITS | --list", EX_USAGE)
        }
        do {
            print(try entry.prepare().run(units: units))
        } catch {
            fail("\(name): \(error)", EX_IOERR)
        }
    }

    /// Name, unit and period of each workload, with tabs between them.
    private static func list() {
        for entry in WorkloadEntry.all {
            do {
                print(entry.name, entry.unit, try entry.prepare().period, separator: "\t")
            } catch {
                fail("\(entry.name): \(error)", EX_IOERR)
            }
        }
    }

    private static func fail(_ message: String, _ status: Int32) -> Never {
        let line = "error: \(message)\n"
        _ = unsafe write(STDERR_FILENO, line, line.utf8.count)
        exit(status)
    }
}
