import Files
import LineProtocol
package import Postgres
import Ring

/// The memory that a configuration may take at most, part by part. Every part is allocated at
/// start, or bounded by the number that stands here.
package struct MemoryPlan: Sendable {
    package struct Part: Sendable, Equatable {
        package let name: String
        package let bytes: Int
    }

    package let parts: [Part]

    package var total: Int { parts.reduce(0) { $0 + $1.bytes } }

    /// The runtime, libraries, thread stacks in use, the counters' names, and what the allocator keeps
    /// for later.
    private static let base = 32 << 20
    /// What libpq holds of rows on their way to the server and of a catalog on its way here.
    private static let connection = 4 << 20

    /// Whether the database's tables are in it.
    package let hasCatalog: Bool

    /// - Parameter catalog: the database's, when it could be asked.
    package init(_ configuration: Configuration, _ catalog: Catalog? = nil) {
        hasCatalog = catalog != nil
        let lanes = configuration.ring.lanes
        let receive = configuration.listeners.reduce(0) {
            $0 + DatagramBatch.byteCount(datagramMax: $1.datagramLimit)
        }
        let rows = BatchRows.memorySize(
            byteLimit: IngestLimits.slabBytes, rowLimit: IngestLimits.slabRows)
        let sorting = RowSorter.memorySize(rowLimit: IngestLimits.slabRows)
        let decode = DecodedBatch.byteCount(
            lineCapacity: IngestLimits.linesPerDecode, lineBytesMax: IngestLimits.lineBytesMax)
        var parts = [
            Part(
                name: "rings (\(lanes) of \(Size.text(configuration.ring.size)))",
                bytes: lanes * Ring.fileBytes(capacity: configuration.ring.size)),
            Part(name: "datagrams being received", bytes: receive),
            Part(name: "rows on their way to COPY", bytes: lanes * (rows + sorting)),
            Part(name: "lines being decoded", bytes: lanes * decode),
            Part(
                name: "lines being refused",
                bytes: lanes
                    * RejectsLimits.bufferBytes(
                        size: configuration.rejects.size, lanes: lanes + 1)),
            Part(name: "layouts of lines", bytes: lanes * Router.byteCount),
            Part(name: "connections", bytes: lanes * Self.connection),
            Part(name: "the program itself", bytes: Self.base),
        ]
        let files = Self.fileBytes(configuration.files)
        if files > 0 { parts.append(Part(name: "files being read", bytes: files)) }
        if let catalog { parts.append(Self.part(of: catalog, lanes: lanes)) }
        self.parts = parts
    }

    /// The buffers, what is unpacked, and what is remembered of as many files as may be open.
    private static func fileBytes(_ files: [Configuration.Files]) -> Int {
        guard !files.isEmpty else { return 0 }
        let drops = files.count { $0.mode == .drop }
        let buffers =
            2 * ContentCutter.bufferBytes + FileChunk.byteCount
            + LineCutter.byteCount(lineBytesMax: IngestLimits.lineBytesMax)
        return buffers + drops * (ContentCutter.byteCount + FilesLimits.streamBytesMax)
            + FileLimits.openFilesMax * FileLimits.bytesPerFile
    }

    /// While a lane reads the catalog again, the one before is still in use.
    private static let catalogsAtATime = 2

    private static func part(of catalog: Catalog, lanes: Int) -> Part {
        Part(
            name: "the catalog (\(catalog.tables.count) tables, \(catalog.columnCount) columns)",
            bytes: lanes * catalogsAtATime * (catalog.byteCount + targetBytes(catalog)))
    }

    /// What a route to each table adds: its order of names, and its columns again where not all of
    /// them can be written.
    private static func targetBytes(_ catalog: Catalog) -> Int {
        catalog.columnCount * (MemoryLayout<Column>.stride + MemoryLayout<Int32>.stride)
    }
}
