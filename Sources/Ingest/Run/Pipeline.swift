import Glibc
package import Logging
import Ring
package import Systemd
import Threads

/// Everything between the sensors and the database, opened and ready to run.
package final class Pipeline: Sendable {
    package let lanes: [Lane]
    package let listeners: [Listener]
    package let drops: DropLedger
    let sync = SyncProgress()
    /// `nil` where no files are read.
    let files: FileReading?
    /// Frames that the rings held when they were opened.
    package let recoveredFrames: UInt64
    private let logger: Logger

    /// Why the daemon cannot start; one line, and the exit code of sysexits(3).
    package struct StartError: Error, CustomStringConvertible {
        package let description: String
        package let exitCode: Int32
    }

    /// Opens the rings, then the sockets: what arrives has a place from the first datagram on.
    ///
    /// - Parameters:
    ///   - inherited: what the service manager has handed over.
    ///   - notify: the service manager, which keeps copies of the sockets that are bound here.
    package init(
        _ configuration: Configuration, inherited: [ListenDescriptor], notify: Notify,
        logger: Logger
    ) throws(StartError) {
        self.logger = logger
        try Self.makeDirectory(configuration.ring.directory)
        var lanes: [Lane] = []
        var recovered: UInt64 = 0
        let toldNames = ToldNames()
        let drops = DropLedger()
        var found: [FilesInRing] = []
        for number in Self.laneNumbers(configuration) {
            let (ring, frames) = try Self.openRing(number, configuration, logger)
            recovered += UInt64(frames)
            LedgerReconciliation.perform(ring)
            let lane = Lane(
                number: number, ring: ring, configuration: configuration, drops: drops,
                toldNames: toldNames)
            found.append(FilesInRing(ring))
            // Also where no files are read any more.
            if !found.last!.entries.isEmpty { lane.expectFiles() }
            lanes.append(lane)
        }
        files = try Self.openFiles(configuration, lanes, found, logger)
        // Lanes of before are written, and get nothing more.
        let fed = lanes.prefix(configuration.ring.lanes).map(\.ring)
        let landings = Landings(logger: logger)
        do throws(RingError) {
            recovered += try landings.recover(
                configuration.listeners, into: fed, lanes.map(\.ring), drops)
        } catch {
            throw StartError(description: error.description, exitCode: EX_CANTCREAT)
        }
        listeners = try ListenerOpening(
            rings: fed, drops: drops, landings: landings, notify: notify, logger: logger
        )
        .perform(configuration.listeners, inherited)
        self.lanes = lanes
        self.drops = drops
        recoveredFrames = recovered
    }

    private static func openFiles(
        _ configuration: Configuration, _ lanes: [Lane], _ found: [FilesInRing], _ logger: Logger
    ) throws(StartError) -> FileReading? {
        guard !configuration.files.isEmpty else { return nil }
        do throws(RingError) {
            return try FileReading(
                configuration.files, lanes: lanes, feeding: configuration.ring.lanes, found: found,
                logger: logger)
        } catch {
            throw StartError(description: error.description, exitCode: EX_CANTCREAT)
        }
    }
}
