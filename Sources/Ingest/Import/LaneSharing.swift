/// Which lane gets the next chunk of a file: the one that has the least to do, so that all of them are
/// done at the same time; none as long as all have enough.
///
/// Chunks of one key, a file or a stripe of it, are committed in their order: as long as one is on its
/// way in a lane, the next one follows it there, however much the lane has to do.
struct LaneSharing {
    /// How far a lane is: positions in its ring.
    struct Standing: Equatable {
        /// Everything before it is in the database.
        var tail: UInt64
        /// Up to there the writer has come.
        var reached: UInt64
        /// Behind the last chunk.
        var head: UInt64

        /// Bytes that the writer has not come to.
        var unread: UInt64 { head - min(max(reached, tail), head) }
    }

    /// Where a key's last chunk went.
    private struct Place {
        let lane: Int
        /// The position behind it in the lane's ring.
        let end: UInt64
    }

    /// Bytes that a lane has before it when it has enough.
    private let readAheadBytes: UInt64
    private var places: [FileKey: Place] = [:]
    private var latest: (key: FileKey, lane: Int)?

    init(readAheadBytes: Int) { self.readAheadBytes = UInt64(readAheadBytes) }

    /// Another file begins, or the same one again: what is stored is forgotten.
    mutating func beginFile(_ standings: [Standing]) {
        places = places.filter { standings[$0.value.lane].tail < $0.value.end }
        latest = nil
    }

    /// The lane for a chunk; `nil` as long as all have enough to do.
    ///
    /// - Parameter standings: of all lanes, at least one.
    func lane(for key: FileKey, _ standings: [Standing]) -> Int? {
        // A piece of a stripe stays together.
        if let latest, latest.key == key { return latest.lane }
        if let place = places[key], standings[place.lane].tail < place.end { return place.lane }
        let lane = standings.indices.min { standings[$0].unread < standings[$1].unread }!
        return standings[lane].unread < readAheadBytes ? lane : nil
    }

    /// A chunk was put into a lane's ring.
    ///
    /// - Parameter end: the position behind it.
    mutating func notePut(_ key: FileKey, lane: Int, end: UInt64) {
        places[key] = Place(lane: lane, end: end)
        latest = (key, lane)
    }
}
