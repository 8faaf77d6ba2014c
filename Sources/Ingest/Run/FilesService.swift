import ServiceLifecycle

/// Reads files on a thread of its own, until the intake ends.
struct FilesService: Service {
    let reading: FileReading?

    func run() async throws {
        reading?.start()
        try? await gracefulShutdown()
        await reading?.stop()
    }
}
