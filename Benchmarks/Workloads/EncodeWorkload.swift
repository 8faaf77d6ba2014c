import Postgres

/// Encodes rows of six columns: a timestamp, a bigint and four doubles.
final class EncodeWorkload: Workload {
    private struct Reading {
        let time: Int64
        let sensor: Int64
        let oxygen: Double
        let temperature: Double
        let salinity: Double
        let acidity: Double

        init(_ index: Int) {
            time = 750_000_000_000_000 + Int64(index) * 1000
            sensor = Int64(1000 + index)
            oxygen = 80 + Double(index % 499) / 100
            temperature = 8 + Double(index % 199) / 1000
            salinity = 30 + Double(index % 97) / 100
            acidity = 7 + Double(index % 89) / 100
        }
    }

    /// Few enough for the slab to stay in the cache.
    private static let rowCount = 1000
    private static let rowBytes = 2 + 6 * (4 + 8)

    private let isFixed: Bool
    private let readings: [Reading]
    private let expected: [UInt64]
    private var rows = CopyRows(byteLimit: rowCount * rowBytes, rowLimit: rowCount)

    /// - Parameter isFixed: whether the room for a row is looked at once, instead of for each value.
    init(isFixed: Bool) {
        self.isFixed = isFixed
        readings = (0..<Self.rowCount).map { Reading($0) }
        var bytes = RowBytes()
        for reading in readings {
            bytes.put(Int16(6))
            bytes.putSized(reading.time)
            bytes.putSized(reading.sensor)
            bytes.putSized(reading.oxygen.bitPattern)
            bytes.putSized(reading.temperature.bitPattern)
            bytes.putSized(reading.salinity.bitPattern)
            bytes.putSized(reading.acidity.bitPattern)
            bytes.endRow()
        }
        expected = bytes.sums
    }

    var period: Int { Self.rowCount }

    func run(units: Int) -> UInt64 {
        let readings = readings
        return inPeriods(units, of: period) { count in
            rows.removeAll()
            if isFixed {
                Self.encodeFixed(readings.span.extracting(first: count), into: &rows)
            } else {
                Self.encode(readings.span.extracting(first: count), into: &rows)
            }
            let sum = rows.wordSum()
            precondition(sum == expected[count], "the rows' bytes are wrong")
            return sum
        }
    }

    private static func encode(_ readings: Span<Reading>, into rows: inout CopyRows) {
        for index in readings.indices {
            let reading = readings[index]
            rows.beginRow(columnCount: 6)
            rows.append(Microseconds(sinceEpoch: reading.time))
            rows.append(reading.sensor)
            rows.append(reading.oxygen)
            rows.append(reading.temperature)
            rows.append(reading.salinity)
            rows.append(reading.acidity)
            let fits = rows.endRow()
            precondition(fits)
        }
    }

    private static func encodeFixed(_ readings: Span<Reading>, into rows: inout CopyRows) {
        var fixed = rows.beginFixedRows(columnCount: 6, rowsMax: readings.count)
        for index in readings.indices {
            let reading = readings[index]
            fixed.beginRow()
            fixed.append(Microseconds(sinceEpoch: reading.time))
            fixed.append(reading.sensor)
            fixed.append(reading.oxygen)
            fixed.append(reading.temperature)
            fixed.append(reading.salinity)
            fixed.append(reading.acidity)
            fixed.keepRow()
        }
        rows.endFixedRows(fixed)
    }
}

extension CopyRows {
    /// The sum of all rows' bytes.
    borrowing func wordSum() -> UInt64 {
        unsafe withBytes(ofRows: 0..<rowCount) { bytes in unsafe Workloads.wordSum(bytes) }
    }
}
