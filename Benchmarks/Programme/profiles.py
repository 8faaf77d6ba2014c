"""Where the processor's time goes: samples of perf, sorted into the stages of a reading's way."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import table
from figures import Profile, Results
from importing import Importer
from lines import Input
from support.server import Server
from udp import Receiver, measure

SAMPLES_PER_SECOND = 5_000

# The first that matches a sample's thread and symbol names its stage. Symbols are as the linker knows
# them: $s12LineProtocol… is a function of the module LineProtocol.
STAGES = [
    ("receive: kernel", r"receive.* \[k\]"),
    ("read files: kernel", r"(?!write|receive).* \[k\]"),
    ("send to the server: kernel", r"write.* \[k\]"),
    ("ring", r".* (\$s4Ring|.*checksum|fast$|crc32)|receive.* .*(memmove|memcpy)"),
    ("receive", r"receive"),
    ("decode", r".* \$s12LineProtocol"),
    ("route", r".* \$s6Ingest\d+(LayoutCache|Router|TimeLimits|TimeWindow)"),
    ("encode", r".* \$s(8Postgres\d+(CopyRows|FixedRows|Micro)|s5Int64V8Postgres|.*\dencode"
     r"|6Ingest\d+(RowEncoder|FixedPlan|BatchRows))"),
    ("sort and send", r"write.* .*(memmove|memcpy|RowSend|RowSort|pq|PQ|Connection)"),
    ("read files", r"(?!write)"),
    ("else", r""),
]


def stage(thread: str, symbol: str) -> str:
    text = f"{thread} {symbol}"
    return next(name for name, pattern in STAGES if re.match(pattern, text))


def shares(recording: Path) -> dict[str, float]:
    """The part of all samples that each stage has."""
    done = subprocess.run(
        ["perf", "report", "--input", recording, "--stdio", "--no-children", "--no-demangle",
         "--call-graph", "none", "--sort", "comm,sym", "--field-separator", "\t"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, float] = {}
    for line in done.stdout.splitlines():
        cells = [cell.strip() for cell in line.split("\t")]
        if line.startswith("#") or len(cells) < 3:
            continue
        kind, _, symbol = cells[2].partition(" ")
        name = stage(cells[1], f"[k] {symbol}" if kind == "[k]" else symbol)
        found[name] = found.get(name, 0) + float(cells[0].rstrip("%"))
    whole = sum(found.values())
    assert whole > 0, f"perf took no samples: {recording}"
    return {name: part / whole for name, part in found.items()}


def can_record(file: Path) -> bool:
    """Whether perf takes samples here, those of the kernel too."""
    if shutil.which("perf") is None:
        return False
    command = ["sh", "-c", "head -c 300000000 /dev/zero >/dev/null"]
    recording = Recording(file, command=command)
    if recording.wait() != 0:
        return False
    return any(name.endswith("kernel") for name in shares(file))


class Recording:
    """Samples of one process while something is done: of a command from its start to its end, of a
    running process from `begin` to `stop`."""

    def __init__(self, file: Path, pid: int | None = None, command: list | None = None) -> None:
        self.file = file
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        target = ["--", *command] if command else [
            "--delay=-1", f"--control=fd:{orders},{answers}", "--pid", str(pid)
        ]  # fmt: skip
        self.process = subprocess.Popen(
            ["perf", "record", "--event", "cpu-clock", "--freq", str(SAMPLES_PER_SECOND),
             "--output", file, *target],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(orders, answers),
        )  # fmt: skip
        os.close(orders)
        os.close(answers)

    def begin(self) -> None:
        """Begins, and waits until perf says so."""
        self._order(b"enable\n")

    def _order(self, order: bytes) -> None:
        """perf-record(1), --control."""
        os.write(self._orders, order)
        answer = b""
        while not answer.endswith(b"ack\n"):
            part = os.read(self._answers, 16)
            assert part, "perf ended"
            answer += part.replace(b"\0", b"")

    def wait(self) -> int:
        """Waits for its end, and gives its status."""
        os.close(self._orders)
        os.close(self._answers)
        return self.process.wait()

    def stop(self) -> None:
        self._order(b"stop\n")
        self.wait()


def profile(what: str, recording: Path, nanoseconds: float) -> Profile:
    parts = {name: part * nanoseconds for name, part in shares(recording).items()}
    order = [name for name, _ in STAGES]
    return Profile(what, {name: parts[name] for name in sorted(parts, key=order.index)})


def take(results: Results, server: Server, folder: Path, source: Input, flood: Path) -> None:
    """With a build that has symbols; the whole is measured without perf, the parts with it."""
    if not can_record(folder / "probe.perf"):
        results.notes.append("perf is not there, or may not look into the kernel: no profiles")
        return
    path = source.write(folder / "standard.lines")
    target = table.Table(server, source, table.PRIMARY_KEY)
    importer = Importer(folder / "profile", target, path)
    plain = importer.run(1)
    target.empty()
    recording = folder / "import.perf"
    Recording(recording, command=importer.command(1)).wait()
    target.check("import under perf")
    results.profiles.append(
        profile("import", recording, plain.processor_seconds / source.count * 1e9)
    )
    for lines in (14, 1):
        with Receiver(folder / f"profile-{lines}", target, flood, lanes=1) as receiver:
            for _ in range(2):
                measure(receiver, path, lines)
            plain = measure(receiver, path, lines)
            recording = folder / f"udp-{lines}.perf"
            record = Recording(recording, pid=receiver.daemon.pid)
            record.begin()
            measure(receiver, path, lines)
            record.stop()
        results.profiles.append(
            profile(
                f"UDP, {lines} line{'s' * (lines > 1)} a datagram", recording,
                plain.processor_seconds / source.count * 1e9,
            )
        )  # fmt: skip
    target.drop()
