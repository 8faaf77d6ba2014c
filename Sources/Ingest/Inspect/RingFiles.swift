import Glibc
import Ring

/// The files that `sluice ring` works on when none is named, and what it does to them.
package enum RingFiles {
    /// The rings of the configuration, and others in its directory: those of lanes that it had
    /// before may still hold readings.
    package static func paths(_ configuration: Configuration) -> [String] {
        let directory = configuration.ring.directory
        let numbers = Set(0..<configuration.ring.lanes).union(numbers(in: directory))
        return numbers.sorted().map { "\(directory)/ring-\($0)" }
    }

    static func numbers(in directory: String) -> [Int] {
        entryNames(in: directory).compactMap { name in
            guard name.hasPrefix("ring-"), let number = Int(name.dropFirst(5)),
                name == "ring-\(number)", number >= 0
            else { return nil }
            return number
        }
    }

    /// Gives a ring another size with everything that is in it; the daemon must be stopped.
    ///
    /// - Parameter bytes: for readings.
    /// - Returns: what was done, on one line.
    package static func resize(_ path: String, to bytes: Int) throws(RingCommandError) -> String {
        do throws(RingError) {
            let resizing = try Ring.resize(
                RingConfiguration(path: path, capacity: bytes, overflow: .dropNewest))
            let now = Size.text(resizing.after)
            let damage = resizing.recovery
            var line =
                resizing.before == resizing.after
                ? "\(path): has \(now) already"
                : "\(path): \(Size.text(resizing.before)) → \(now)"
            line += ", \(resizing.frames) datagrams in it"
            if damage.damageCount > 0 {
                line += "; \(damage.damagedBytes) damaged bytes are put aside"
            }
            return line
        } catch {
            throw RingCommandError(changing: error)
        }
    }

    /// A size as in the configuration: `512MiB`; nil when it is none, or not one that a ring can
    /// have.
    package static func size(_ text: String) -> Int? {
        guard let bytes = Size.parse(text),
            (RingLimits.capacityMin...RingLimits.capacityMax) ~= bytes
        else { return nil }
        return bytes
    }
}

/// The names of all that is in a folder; none when it cannot be read.
func entryNames(in directory: String) -> [String] {
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe _ = closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
        names.append(
            unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            })
    }
    return names
}
