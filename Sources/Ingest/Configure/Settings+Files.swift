import LineProtocol

/// The keys of `[[files]]`.
extension Setting {
    static let filesPath = Setting(
        .files, "path", .text, "", standardMeaning: "none, it must be said",
        """
        The files, as an absolute path in which *, ? and [...] stand for parts of names as in the \
        shell.
        """)
    static let filesName = Setting(
        .files, "name", .text, "", standardMeaning: "the text of path, or its end when it is long",
        "What logs and figures call these files. Unique, also among the listeners.")
    static let filesMode = Setting(
        .files, "mode", .choice(Configuration.FilesMode.allCases.map(\.rawValue)), "follow",
        """
        follow: reads what is appended, through rotations. drop: reads complete files, in the \
        order of their paths; they may be compressed with gzip or zstd.
        """)
    static let filesPrecision = Setting(
        .files, "precision", .choice(Precision.allCases.map(\.name)), "ns",
        "The unit of the timestamps in the files.")
    static let filesAheadMax = Setting(
        .files, "ahead_max", .duration(ConfigurationLimits.aheadMax, zero: true), "10min",
        reload: true,
        """
        How far a line's own time may lie after its reading; a line beyond is rejected. 0s: no \
        limit.
        """)
    static let filesAgeMax = Setting(
        .files, "age_max", .duration(ConfigurationLimits.ageMax, zero: true), "0s", reload: true,
        """
        How far a line's own time may lie before its reading; a line beyond is rejected. 0s: no \
        limit but 1970-01-02.
        """)
    static let filesUnchanged = Setting(
        .files, "unchanged", .duration(ConfigurationLimits.unchanged, zero: false), "5s",
        """
        Mode drop: a file that was not renamed into place is complete when it has not changed for \
        this long.
        """)
    static let filesDone = Setting(
        .files, "done", .choice(Configuration.FilesDone.allCases.map(\.rawValue)), "keep",
        "Mode drop: what becomes of a file whose lines are all in the database or rejected.")
    static let filesDoneDirectory = Setting(
        .files, "done_directory", .text, "", standardMeaning: "none, done = \"move\" needs it",
        """
        Mode drop: the folder that done = \"move\" moves files to, an absolute path on the same \
        file system.
        """)
    static let filesRescan = Setting(
        .files, "rescan", .duration(ConfigurationLimits.rescan, zero: false), "30s",
        """
        Time between two looks at all files, in case the kernel could not tell of a change \
        (network file systems).
        """)
}
