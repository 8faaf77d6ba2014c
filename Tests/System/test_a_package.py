"""The package: what installing it brings."""

import re
import socket
import subprocess
from pathlib import Path

import machine_under_test as machine
from machine_under_test import exit_code, run, show, systemctl
from support.send import Sender
from support.wait import wait_for


def test_installing_starts_the_socket_and_the_daemon_at_once(package):
    assert machine.is_active("sluice.socket")
    wait_for("the daemon", machine.is_active)
    assert systemctl("is-enabled", "sluice.socket", "sluice.service").split() == ["enabled"] * 2


def test_without_a_database_it_runs_and_says_so(package):
    wait_for("a status", lambda: "database un" in machine.status())
    Sender(machine.PORT).send("numbered,source=1 number=1i")
    wait_for("the datagram in the ring", lambda: re.search(r"in_ring +[1-9]", run("sluice", "status")))
    assert machine.is_active()


def test_it_is_readable_and_writable_for_whom_it_should_be(package):
    assert Path("/var/lib/sluice").stat().st_mode & 0o777 == 0o700
    assert Path("/var/lib/sluice").owner() == "sluice"
    assert Path("/run/sluice").stat().st_mode & 0o777 == 0o700
    assert Path("/usr/bin/sluice").owner() == "root"
    files = run("dpkg", "--listfiles", "sluice").split()
    loose = [file for file in files if not Path(file).is_symlink() and Path(file).stat().st_mode & 0o022]
    assert loose == []


def test_units_are_valid_and_exposed_as_little_as_promised(package):
    units = ["sluice.service", "sluice.socket"]
    assert run("systemd-analyze", "verify", *units, check=False) == ""
    unit = "/lib/systemd/system/sluice.service"
    assert exposure(unit) <= 0.3
    folder = Path("/tmp/remote")
    (folder / "sluice.service.d").mkdir(parents=True)
    (folder / "sluice.service").write_text(Path(unit).read_text())
    example = Path("/usr/share/doc/sluice/examples/remote-database.conf").read_text()
    (folder / "sluice.service.d" / "remote-database.conf").write_text(example)
    assert exposure(str(folder / "sluice.service")) <= 1.0


def exposure(unit: str) -> float:
    text = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    match = re.search(r"Overall exposure level for .*: ([0-9.]+)", text)
    assert match, text
    return float(match[1])


def test_the_binary_needs_nothing_that_the_package_does_not_name(package):
    libraries = run("ldd", "/usr/bin/sluice")
    assert "not found" not in libraries
    paths = [line.split("=>")[1].split()[0] for line in libraries.splitlines() if "=>" in line]
    assert all(path.startswith(("/lib/", "/usr/lib/")) for path in paths)


def test_the_manual_is_there(package):
    for page in ("sluice", "sluice.toml", "sluice.service"):
        assert exit_code("man", "--where", page) == 0
    text = run("man", "--pager=cat", "sluice.toml")
    assert "conninfo" in text and "receive_buffer" in text


def test_the_limit_for_receive_buffers_is_raised_and_the_socket_has_its_own(package):
    limits = Path("/usr/lib/sysctl.d/10-sluice.conf").read_text()
    assert re.findall(r"^net\.core\.(\w+) = ", limits, re.M) == ["rmem_max", "wmem_max"]
    found = re.search(r"rb(\d+)", run("ss", "--udp", "--listening", "--memory", f"sport = :{machine.PORT}"))
    # The kernel keeps the double for its bookkeeping.
    assert found and int(found[1]) == 2 * 32 * 1024 * 1024


def test_it_listens_on_both_versions_of_ip(package):
    before = counted()
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"numbered,source=1 number=1i", (address, machine.PORT))
    wait_for("both datagrams", lambda: counted() == before + 2)


def counted() -> int:
    found = re.search(r'"received":(\d+)', run("sluice", "status", "--json"))
    assert found
    return int(found[1])


def test_limits_of_the_unit_are_in_force(package):
    assert show("TasksMax") == "256"
    assert show("LimitNOFILE") == "32768"
    assert show("FileDescriptorStoreMax") == "64"
    assert show("WatchdogUSec") == "30s"
    assert show("Restart") == "always"


def test_the_runtime_says_nothing_that_is_not_ours(package):
    run("journalctl", "--sync")
    foreign = subprocess.run(
        ["journalctl", "-u", "sluice", "-o", "cat", "_TRANSPORT=stdout"],
        capture_output=True, text=True,
    ).stdout
    assert foreign == ""
