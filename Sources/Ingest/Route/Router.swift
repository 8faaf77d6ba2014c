import LineProtocol
import Postgres

/// Tells for each line which row it becomes, or why none.
@safe
struct Router: ~Copyable {
    private(set) var destinations: Destinations
    private var copyShapes = CopyShapes()
    private var cache = LayoutCache()
    private(set) var plan = FixedPlan()
    private let layouts: UnsafeMutablePointer<CompiledLayout>
    /// How many lines of a layout with unmatched names the current batch has.
    private let hits: UnsafeMutablePointer<UInt64>
    private var names: [UnmatchedName] = []
    private var unmatched = UnmatchedCounts()
    /// Memory of the layouts' sources.
    private var sourceBytes = 0

    /// Unmatched names that are kept of one layout; further ones are counted together.
    static let namesPerLayoutMax = 64
    /// Unmatched names that are kept of all layouts.
    static let namesMax = 16_384
    /// More memory of layouts' sources empties the cache.
    static let sourceBytesMax = 8 << 20
    /// What the allocator adds to a piece of memory at most, and to a text that has a header too.
    private static let pieceOverhead = 32
    private static let textOverhead = 64

    init(_ destinations: Destinations) {
        self.destinations = destinations
        unsafe layouts = .allocate(capacity: LayoutCache.capacity)
        unsafe hits = .allocate(capacity: LayoutCache.capacity)
    }

    deinit {
        releaseLayouts()
        unsafe layouts.deallocate()
        unsafe hits.deallocate()
    }

    /// Bytes of memory that it takes at most, the catalog aside.
    static var byteCount: Int {
        LayoutCache.byteCount
            + LayoutCache.capacity * (MemoryLayout<CompiledLayout>.stride + 8)
            + sourceBytesMax + CopyShapes.bytesMax + FixedPlan.byteCount
            + namesMax
            * (MemoryLayout<UnmatchedName>.stride + IngestLimits.nameBytesMax + textOverhead)
    }

    /// The shapes that rows are of, by their indexes.
    var shapes: [CopyShape] { copyShapes.all }

    /// Whether the batch must end with the datagram in work: its lines have so many shapes.
    var isFull: Bool { copyShapes.isFull }

    /// Forgets what it has found out; what is still buffered is routed anew. Not in mid-batch.
    mutating func reset(_ destinations: Destinations) {
        forgetLayouts()
        copyShapes.removeAll()
        self.destinations = destinations
        unmatched = UnmatchedCounts()
    }

    /// Makes room when senders have invented too many layouts. Not in mid-batch.
    mutating func prepareForBatch() {
        if isFull { reset(destinations) }
    }

    /// What the line's layout means. Nothing is allocated when it was met before.
    @inline(__always)
    mutating func layout(
        of line: UnsafePointer<DecodedLine>, _ items: UnsafePointer<Item>
    ) -> CompiledLayout {
        let index = unsafe layoutIndex(of: line, items)
        unsafe hits[index] &+= 1
        return unsafe layouts[index]
    }

    @inline(__always)
    private mutating func layoutIndex(
        of line: UnsafePointer<DecodedLine>, _ items: UnsafePointer<Item>
    ) -> Int {
        if let found = unsafe cache.index(of: line, items) { return found }
        return unsafe compile(line.pointee, items)
    }

    /// What a line's layout means, where `plan` is now how it becomes a row; nil where it becomes one in
    /// another way, or none. `planHit` says for how many lines the plan was used.
    @inline(__always)
    mutating func planLayout(
        for line: UnsafePointer<DecodedLine>, _ items: UnsafePointer<Item>
    ) -> UnsafePointer<CompiledLayout>? {
        let number = unsafe line.pointee.layoutNumber
        guard number != 0 else { return nil }
        if number != plan.layoutNumber { unsafe makePlan(line, items) }
        return unsafe plan.columnCount == 0 ? nil : UnsafePointer(layouts + plan.layout)
    }

    @inline(never)
    private mutating func makePlan(
        _ line: UnsafePointer<DecodedLine>, _ items: UnsafePointer<Item>
    ) {
        let index = unsafe layoutIndex(of: line, items)
        unsafe plan.make(line.pointee.layoutNumber, layouts[index], at: index, items)
    }

    /// So many lines became rows as the plan says.
    @inline(__always)
    mutating func planHit(_ lines: Int) { unsafe hits[plan.layout] &+= UInt64(lines) }

    /// Names that no table or column took since the last call, with how often; empties them.
    mutating func takeUnmatched() -> UnmatchedCounts {
        foldHits()
        defer { unmatched = UnmatchedCounts() }
        return unmatched
    }

    /// Forgets the counts of a batch that did not come to its end.
    mutating func forgetUnmatched() {
        unsafe hits.update(repeating: 0, count: cache.count)
        unmatched = UnmatchedCounts()
    }

    // MARK: - For messages

    /// What is wrong with a target whose lines are held.
    func problems(ofTarget index: Int) -> TableTarget.Problems {
        guard case .unusable(let problems) = destinations.targets[index] else {
            preconditionFailure("lines for a usable table are not held")
        }
        return problems
    }

    /// Why lines of this layout are rejected.
    func rejection(_ layout: CompiledLayout) -> String {
        switch layout.reason {
        case .noColumn: return "none of its fields has a column in the table"
        default:
            let missing = destinations.targets[layout.target].usable?.required
                .map { "\"\($0.name)\"" }
            return "the table needs a value for \(missing?.joined(separator: ", ") ?? "a column")"
        }
    }

    /// Which value does not fit, and why.
    func explanation(of misfit: Misfit, column: Int, _ layout: CompiledLayout) -> String {
        let shape = shapes[layout.shape]
        guard let target = destinations.targets[shape.target].usable else { return misfit.text }
        let column = target.columns[Int(shape.columns[column])]
        return "the value for column \"\(column.name)\" (\(column.type)) of table"
            + " \(shape.table) is \(misfit.text)"
    }

    private mutating func compile(_ line: DecodedLine, _ items: UnsafePointer<Item>) -> Int {
        if unsafe !cache.hasRoom(for: line, items) || sourceBytes >= Self.sourceBytesMax {
            foldHits()
            forgetLayouts()
        }
        let compiled = unsafe resolve(line, items)
        let index = unsafe cache.insert(line, items)
        unsafe (layouts + index).initialize(to: compiled)
        unsafe hits[index] = 0
        return index
    }

    private mutating func resolve(
        _ line: DecodedLine, _ items: UnsafePointer<Item>
    ) -> CompiledLayout {
        guard
            let targetIndex = unsafe destinations.targetIndex(
                ofMeasurement: line.measurement.buffer)
        else {
            var layout = CompiledLayout(verdict: .reject)
            layout.firstUnmatched = names.count
            noteUnmatched(table: nil, line.measurement, in: &layout)
            return layout
        }
        guard case .usable(let target) = destinations.targets[targetIndex] else {
            var layout = CompiledLayout(verdict: .hold)
            layout.target = targetIndex
            return layout
        }
        return unsafe resolve(line, items, in: target, at: targetIndex)
    }

    private mutating func resolve(
        _ line: DecodedLine, _ items: UnsafePointer<Item>, in target: TableTarget,
        at targetIndex: Int
    ) -> CompiledLayout {
        var sources = [Int16](repeating: CompiledLayout.null, count: target.columns.count)
        sources[target.timeIndex] = CompiledLayout.time
        var layout = CompiledLayout(verdict: .row)
        layout.target = targetIndex
        layout.firstUnmatched = names.count
        var fieldsMatched = 0
        // Fields last: where a tag and a field have the same name, the field is the reading.
        for index in 0..<Int(line.tagCount + line.fieldCount) {
            let item = unsafe items[index]
            guard index <= Int(Int16.max),
                let column = unsafe target.columnIndex(named: item.key.buffer)
            else {
                noteUnmatched(table: target.table.name, item.key, in: &layout)
                continue
            }
            if sources[column] != CompiledLayout.null {
                noteUnmatched(table: target.table.name, item.key, in: &layout)
            }
            sources[column] = Int16(index)
            if item.kind != .tag { fieldsMatched += 1 }
        }
        if fieldsMatched == 0 {
            layout.verdict = .reject
            layout.reason = .noColumn
        } else if target.columns.indices.contains(where: {
            sources[$0] == CompiledLayout.null && target.columns[$0].isRequired
        }) {
            layout.verdict = .reject
            layout.reason = .missingValue
        } else {
            fill(&layout, sources, target, targetIndex)
        }
        return layout
    }

    /// Leaves out the columns whose default is to be used, and finds the shape of the rest.
    private mutating func fill(
        _ layout: inout CompiledLayout, _ sources: [Int16], _ target: TableTarget,
        _ targetIndex: Int
    ) {
        let columns = target.columns.indices.filter {
            sources[$0] != CompiledLayout.null || !target.columns[$0].fillsItself
        }
        layout.shape = copyShapes.index(target, targetIndex, columns.map(Int16.init))
        sourceBytes += columns.count * MemoryLayout<Int16>.stride + Self.pieceOverhead
        let memory = UnsafeMutablePointer<Int16>.allocate(capacity: columns.count)
        for (position, column) in columns.enumerated() {
            unsafe memory[position] = sources[column]
        }
        unsafe layout.sources = UnsafePointer(memory)
        unsafe layout.types = UnsafePointer(shapes[layout.shape].types)
        unsafe layout.fixedTypes = UnsafePointer(shapes[layout.shape].fixedTypes)
        layout.columnCount = columns.count
    }

    /// Notes a name that nothing takes; of very many, only that it was there.
    private mutating func noteUnmatched(
        table: String?, _ name: ByteSlice, in layout: inout CompiledLayout
    ) {
        layout.unmatchedCount += 1
        guard layout.namedCount < Self.namesPerLayoutMax, names.count < Self.namesMax
        else { return }
        names.append(UnmatchedName(table: table, name: name))
        layout.namedCount += 1
    }

    private mutating func foldHits() {
        for index in 0..<cache.count {
            let layout = unsafe layouts[index]
            let count = unsafe hits[index]
            unsafe hits[index] = 0
            guard count > 0, layout.unmatchedCount > 0 else { continue }
            for name in layout.firstUnmatched..<layout.firstUnmatched + layout.namedCount {
                unmatched.add(names[name], count)
            }
            unmatched.addOther(count * UInt64(layout.unmatchedCount - layout.namedCount))
        }
    }

    private mutating func forgetLayouts() {
        releaseLayouts()
        cache.removeAll()
        plan.forget()
        names.removeAll(keepingCapacity: true)
        sourceBytes = 0
    }

    private func releaseLayouts() {
        for index in 0..<cache.count {
            unsafe layouts[index].sources?.deallocate()
        }
    }
}
