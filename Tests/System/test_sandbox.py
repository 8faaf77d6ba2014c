"""The sandbox: what must fail does, with every setting of the unit in force."""

import json
import re
from pathlib import Path

import machine_under_test as machine
import probe
from machine_under_test import run, systemctl

UNIT = Path("/lib/systemd/system/sluice.service")
PROBE = Path("/etc/systemd/system/sluice-probe.service")
PROGRAM = Path("/usr/bin/sluice-probe")


def test_nothing_works_that_the_daemon_does_not_need(farm):
    """A program in the daemon's place, in a copy of its unit: the interpreter alone may be run."""
    for folder in ("/root/visible", "/home/visible"):
        Path(folder).mkdir(exist_ok=True)
    interpreter = Path("/usr/bin/python3").resolve()
    PROGRAM.write_text(Path(probe.__file__).read_text())
    unit = UNIT.read_text()
    unit = re.sub(r"^ExecStart=.*$", f"ExecStart={interpreter} {PROGRAM}", unit, flags=re.M)
    unit = re.sub(r"^ExecPaths=.*$", f"ExecPaths={interpreter} /usr/lib -/usr/lib64", unit, flags=re.M)
    unit = unit.replace("Type=notify", "Type=oneshot").replace("Restart=always", "Restart=no")
    PROBE.write_text(re.sub(r"^(Requires|After|ExecReload|WatchdogSec)=.*$", "", unit, flags=re.M))
    systemctl("daemon-reload")
    systemctl("start", "sluice-probe.service")
    outcomes = json.loads(Path("/var/lib/sluice/outcomes").read_text())
    PROBE.unlink()
    PROGRAM.unlink()
    assert {name: outcome for name, outcome in outcomes.items() if outcome == "worked"} == {}
    assert len(outcomes) == len(probe.ATTEMPTS) + 1


def test_the_process_has_no_rights_left(farm):
    status = Path(f"/proc/{machine.main_pid()}/status").read_text()
    found = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert {int(found[name], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {0}
    assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2"
    interfaces = Path(f"/proc/{machine.main_pid()}/net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
    assert re.search(r"^sluice\s", run("ps", "-o", "user=", "-p", str(machine.main_pid())) + " ")
