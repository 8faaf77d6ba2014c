import LineProtocol
import Postgres

/// Tells for each line which row it becomes, or why none.
@safe
struct Router: ~Copyable {
    private(set) var destinations: Destinations
    private(set) var shapes: [CopyShape] = []
    private var cache = LayoutCache()
    private let layouts: UnsafeMutablePointer<CompiledLayout>
    /// How many lines of a layout with unmatched names the current batch has.
    private let hits: UnsafeMutablePointer<UInt64>
    private var names: [UnmatchedName] = []
    private var unmatched = UnmatchedCounts()

    /// Shapes beyond this empty the router before the next batch.
    static let shapesMax = 1_024

    init(_ destinations: Destinations) {
        self.destinations = destinations
        unsafe layouts = .allocate(capacity: LayoutCache.capacity)
        unsafe hits = .allocate(capacity: LayoutCache.capacity)
    }

    deinit {
        for index in 0..<cache.count { unsafe layouts[index].sources?.deallocate() }
        for shape in shapes { shape.release() }
        unsafe layouts.deallocate()
        unsafe hits.deallocate()
    }

    /// Bytes of memory that it takes at most, the names of tables aside.
    static var byteCount: Int {
        LayoutCache.byteCount
            + LayoutCache.capacity * (MemoryLayout<CompiledLayout>.stride + 8)
    }

    /// Forgets what it has found out; what is still buffered is routed anew. Not in mid-batch.
    mutating func reset(_ destinations: Destinations) {
        release()
        self.destinations = destinations
        cache.removeAll()
        shapes = []
        names = []
        unmatched = UnmatchedCounts()
    }

    /// Makes room when senders have invented too many layouts. Not in mid-batch.
    mutating func prepareForBatch() {
        if shapes.count > Self.shapesMax { reset(destinations) }
    }

    /// What the line's layout means. Nothing is allocated when it was met before.
    @inline(__always)
    mutating func layout(of line: DecodedLine, _ items: UnsafePointer<Item>) -> CompiledLayout {
        let index: Int
        if let found = unsafe cache.index(of: line, items) {
            index = found
        } else {
            index = unsafe compile(line, items)
        }
        unsafe hits[index] &+= 1
        return unsafe layouts[index]
    }

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
    func rejection(_ layout: CompiledLayout, _ line: DecodedLine) -> String {
        let measurement = UnmatchedName.text(line.measurement)
        switch layout.reason {
        case .noTable: return "no table takes measurement \"\(measurement)\""
        case .noColumn: return "none of its fields has a column in the table"
        default:
            let missing = unsafe destinations.targetIndex(ofMeasurement: line.measurement.buffer)
                .flatMap { destinations.targets[$0].usable }?.required.map { "\"\($0.name)\"" }
            return "the table needs a value for \(missing?.joined(separator: ", ") ?? "a column")"
        }
    }

    /// Which value does not fit, and why.
    func explanation(of misfit: Misfit, column: Int, _ layout: CompiledLayout) -> String {
        let shape = shapes[layout.shape]
        guard let target = destinations.targets[shape.target].usable else { return misfit.text }
        let column = target.columns[shape.columns[column]]
        return "the value for column \"\(column.name)\" (\(column.type)) of table"
            + " \(shape.table) is \(misfit.text)"
    }

    private mutating func compile(_ line: DecodedLine, _ items: UnsafePointer<Item>) -> Int {
        if unsafe !cache.hasRoom(for: line, items) {
            foldHits()
            releaseLayouts()
            cache.removeAll()
            names = []
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
            let first = names.count
            names.append(UnmatchedName(table: nil, name: line.measurement))
            var layout = CompiledLayout(verdict: .reject)
            layout.unmatchedCount = 1
            layout.firstUnmatched = first
            return layout
        }
        guard case .usable(let target) = destinations.targets[targetIndex] else {
            var layout = CompiledLayout(verdict: .hold)
            layout.shape = targetIndex
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
        let firstUnmatched = names.count
        var fieldsMatched = 0
        // Fields last: where a tag and a field have the same name, the field is the reading.
        for index in 0..<Int(line.tagCount + line.fieldCount) {
            let item = unsafe items[index]
            guard index <= Int(Int16.max),
                let column = unsafe target.columnIndex(named: item.key.buffer)
            else {
                names.append(UnmatchedName(table: target.table.name, name: item.key))
                continue
            }
            if sources[column] != CompiledLayout.null {
                names.append(UnmatchedName(table: target.table.name, name: item.key))
            }
            sources[column] = Int16(index)
            if item.kind != .tag { fieldsMatched += 1 }
        }
        var layout = CompiledLayout(verdict: .row)
        layout.shape = targetIndex
        layout.unmatchedCount = names.count - firstUnmatched
        layout.firstUnmatched = firstUnmatched
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
        layout.shape = shapeIndex(target, targetIndex, columns)
        let memory = UnsafeMutablePointer<Int16>.allocate(capacity: columns.count)
        for (position, column) in columns.enumerated() {
            unsafe memory[position] = sources[column]
        }
        unsafe layout.sources = UnsafePointer(memory)
        unsafe layout.types = UnsafePointer(shapes[layout.shape].types)
        layout.columnCount = columns.count
    }

    private mutating func shapeIndex(
        _ target: TableTarget, _ targetIndex: Int, _ columns: [Int]
    ) -> Int {
        if let index = shapes.firstIndex(where: {
            $0.target == targetIndex && $0.columns == columns
        }) {
            return index
        }
        shapes.append(CopyShape(target, targetIndex, columns))
        return shapes.count - 1
    }

    private mutating func foldHits() {
        for index in 0..<cache.count {
            let layout = unsafe layouts[index]
            let count = unsafe hits[index]
            unsafe hits[index] = 0
            guard count > 0, layout.unmatchedCount > 0 else { continue }
            for name in layout.firstUnmatched..<layout.firstUnmatched + layout.unmatchedCount {
                unmatched.add(names[name], count)
            }
        }
    }

    private func releaseLayouts() {
        for index in 0..<cache.count {
            unsafe layouts[index].sources?.deallocate()
        }
    }

    private mutating func release() {
        releaseLayouts()
        for shape in shapes { shape.release() }
    }
}
