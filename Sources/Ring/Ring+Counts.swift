extension Ring {
    /// Frames that ever left the ring, in whatever way.
    package var framesGone: UInt64 { state.withLock { $0.mark.framesGone } }
}
