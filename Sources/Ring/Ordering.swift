import Synchronization

/// Keeps the compiler and the processor from moving later stores into the mapping before earlier
/// ones: when the process is killed, the page cache holds a prefix of them.
@inline(__always)
func orderStores() {
    atomicMemoryFence(ordering: .releasing)
}
