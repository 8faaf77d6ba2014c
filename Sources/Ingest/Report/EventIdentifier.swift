/// The fixed identifiers of the events.
extension Event {
    /// 128 random bits, as journald wants them.
    package var messageID: String {
        switch self {
        case .started: return "33a0858ea77945148408d351e2d5ba24"
        case .ready: return "bd93ad1d6ea64bbbbc760f7869ddecca"
        case .stopping: return "2b15905611a54e6ba0bef8c737cbf4a0"
        case .drained: return "a550c2b643f24ec1964bb406c02c377c"
        case .readingsLeft: return "32f699efb28e468fa404c63060824cfb"
        case .stopped: return "643eebbc0d434d7281966ededcabcbcc"
        case .reloaded: return "aba20cd1a83e4154aab6a589fa1d9e52"
        case .reloadFailed: return "9eb97dd504c94976b7d690af5791e632"
        case .configurationInvalid: return "935cc57218dd491e91ac3a0fca51ee7c"
        case .startFailed: return "3f9458baa6954fcd8bfdd7720f9fb5f2"
        case .stageStalled: return "b36a9ef577d74627b717eabe6c34e5ce"
        case .ledgerImbalance: return "942ee64cef984ac8a2000fc0426207d0"
        case .summary: return "66857e6c10ba4cb2beb063115cd7d0ce"
        case .journalLost: return "551d4358f71a4cc6b486a4e0a9e589a7"
        case .databaseConnected: return "de96b36dff3d48a68b45fa240f7a33ae"
        case .databaseUnavailable: return "951ab0f60279403196c2a9077379d584"
        case .databaseLost: return "feba4f1fc22842e5bb11638e6c0da645"
        case .databaseSlow: return "72bf2bdec0834aa586b1b20da76c7557"
        case .batchHeld: return "72fc54af5b8c482293efdfc986b8fe4d"
        case .tableProblem: return "a2ce20624d9b4963ae0bdef9eaf17a76"
        case .progressBehind: return "4f7faabfc15b4a0ba9b32e1cd8fa2458"
        case .progressAhead: return "ab708137ae6a4834a1dd0f3caeddd83d"
        case .lineRejected: return "9fe08c26bbff4dd682950badcdd7f8bd"
        case .rowRejected: return "65e4eef3fa004feb9d2e2e8cc5fd534f"
        case .unmatchedName: return "17189bce113c494086520caa8b493521"
        case .datagramTruncated: return "6132cc63c6904c8199d7cf4819e89e2d"
        case .sourceRefused: return "aaa4a423bf7f4ccc8eb47939289e23fc"
        case .kernelDrops: return "e5dbf8ff1667472eba7bdbfd86e113ff"
        case .receiveBufferSmall: return "85cec062c9804349a75aa58b41fcfebb"
        case .ringRecovered: return "b29a9d5aae104d788e47acbf351c3f59"
        case .ringDamaged: return "393cebd3cfda4b8785809309859f4d82"
        case .ringFilling: return "a54ca568b45b4647b05a46f74629e908"
        case .ringFull: return "26b874468686485b83eb915611c58ed0"
        case .ringDrained: return "366a48e5cc634ebe9d42756cead1a968"
        case .ringResumed: return "4078db8f791d48aaa38c55f67090242b"
        }
    }
}
