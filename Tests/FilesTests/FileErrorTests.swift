import Files
import Glibc
import Testing

@Suite struct FileErrorTests {
    @Test func `an error is one line with advice where there is one`() {
        #expect(
            FileError("open", "/a", code: EACCES).description
                == "/a: open failed: Permission denied; let the user of this process "
                + "(uid \(geteuid())) read it and search its folders")
        #expect(
            FileError("open", "/a", code: ENOENT).description
                == "/a: open failed: No such file or directory; check its name")
        #expect(
            FileError("open", "/a", code: EMFILE).description
                == "/a: open failed: Too many open files; let this process open more files "
                + "(LimitNOFILE=, ulimit -n)")
        #expect(FileError("read", "/a", code: ENOSYS).description.hasSuffix("not implemented"))
    }

    @Test(
        arguments: [
            (Array("/data/täglich 1.lp".utf8), "/data/täglich 1.lp"),
            (Array("a\nb\u{1B}[2Jc".utf8), "a\\x0Ab\\x1B[2Jc"),
            ([0x61, 0xFF, 0xC3, 0x62], "a\\xFF\\xC3b"),
            ([0xE2, 0x80], "\\xE2\\x80"),
            ([0xED, 0xA0, 0x80], "\\xED\\xA0\\x80"),
            (Array("a\u{202E}b\u{2028}\u{85}".utf8), "a\\xE2\\x80\\xAEb\\xE2\\x80\\xA8\\xC2\\x85"),
            (Array("a\\x0A".utf8), "a\\\\x0A"),
            ([], ""),
        ] as [([UInt8], String)])
    func `a name is shown so that it cannot drive a terminal`(name: [UInt8], text: String) {
        #expect(visibleName(name) == text)
    }

    @Test func `different names are shown differently`() {
        // Strings that Unicode holds to be the same are different names.
        var seen: Set<[UInt8]> = []
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                seen.insert(Array(visibleName([first, second]).utf8))
            }
        }
        #expect(seen.count == 1 << 16)
    }
}
