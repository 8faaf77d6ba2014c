import LineProtocol
import Postgres

/// How the lines of a layout that the decoder predicts become rows, where all columns are of the types
/// that readings mostly have and the values fit them by their kind: found out once for the layout, so
/// that nothing is asked for each value.
@safe
struct FixedPlan: ~Copyable {
    /// Wider rows are written value by value.
    static let columnsMax = 128

    /// Bytes of memory that it takes.
    static var byteCount: Int { columnsMax * MemoryLayout<Step>.stride }

    /// What a column gets.
    private struct Step {
        enum Content: UInt8 {
            /// An item's bits.
            case bits
            /// The number that a tag's text is.
            case tagNumber
            case time
            case null
        }

        var content: Content
        /// Bytes from the line's first item to the one that is meant.
        var itemOffset: Int32 = 0
    }

    /// The decoder's name for the layout; 0 for none.
    private(set) var layoutNumber: UInt32 = 0
    /// The router's.
    private(set) var layout = 0
    /// 0 where rows of the layout are written in another way.
    private(set) var columnCount = 0
    private let steps: UnsafeMutablePointer<Step>

    init() { unsafe steps = .allocate(capacity: Self.columnsMax) }

    deinit { unsafe steps.deallocate() }

    mutating func forget() {
        layoutNumber = 0
        columnCount = 0
    }

    /// Makes the plan for a line's layout, for which `compiled` stands at `index`.
    mutating func make(
        _ number: UInt32, _ compiled: CompiledLayout, at index: Int, _ items: UnsafePointer<Item>
    ) {
        layoutNumber = number
        layout = index
        columnCount = 0
        guard case .row = compiled.verdict, compiled.columnCount <= Self.columnsMax,
            let types = unsafe compiled.fixedTypes, let sources = unsafe compiled.sources
        else { return }
        for column in 0..<compiled.columnCount {
            guard let step = unsafe Self.step(sources[column], types[column], items) else { return }
            unsafe (steps + column).initialize(to: step)
        }
        columnCount = compiled.columnCount
    }

    private static func step(
        _ source: Int16, _ type: FixedType, _ items: UnsafePointer<Item>
    ) -> Step? {
        switch source {
        case CompiledLayout.null: return Step(content: .null)
        case CompiledLayout.time: return type == .timestamptz ? Step(content: .time) : nil
        default: break
        }
        let offset = Int32(source) * Int32(MemoryLayout<Item>.stride)
        switch unsafe (type, items[Int(source)].kind) {
        case (.doublePrecision, .float), (.bigint, .int):
            return Step(content: .bits, itemOffset: offset)
        case (.bigint, .tag): return Step(content: .tagNumber, itemOffset: offset)
        default: return nil
        }
    }

    /// Appends a row's values.
    ///
    /// - Parameters:
    ///   - line: what the items' texts lie in.
    ///   - time: nanoseconds since 1970, for the time column.
    /// - Returns: whether the time lost digits; nil when a value needs a closer look.
    @inline(__always)
    func append(
        _ items: UnsafePointer<Item>, of line: ByteSlice, time: Int64, to rows: inout FixedRows
    ) -> Bool? {
        var isCut = false
        for column in 0..<columnCount {
            let step = unsafe steps[column]
            let item = unsafe (UnsafeRawPointer(items) + Int(step.itemOffset))
                .assumingMemoryBound(to: Item.self)
            // By itself, for a jump through a table would take longer than all of this.
            if _fastPath(step.content == .bits) {
                unsafe rows.append(bits: item.pointee.bits)
                continue
            }
            switch step.content {
            case .bits: break
            case .tagNumber:
                if let number = unsafe item.pointee.shortNumber(in: line) {
                    rows.append(number)
                } else {
                    guard let number = unsafe Self.number(of: item) else { return nil }
                    rows.append(number)
                }
            case .time:
                let (instant, losesDigits) = Microseconds.fromUnix(nanoseconds: time)
                rows.append(instant)
                isCut = losesDigits
            case .null: rows.appendNull()
            }
        }
        return isCut
    }

    @inline(never)
    private static func number(of item: UnsafePointer<Item>) -> Int64? {
        try? unsafe Int64(decimal: item.pointee.text.buffer.span)
    }
}
