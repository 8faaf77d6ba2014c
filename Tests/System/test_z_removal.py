"""Removing: the package, and what scripts/install has installed. The last of all tests."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import machine_under_test as machine
from machine_under_test import exit_code, run, show, systemctl
from support.send import Sender
from support.wait import wait_for, wait_until_equal

PROJECT = Path(__file__).resolve().parent.parent.parent


def waiting() -> bool:
    return re.search(r"in_ring +[1-9]", run("sluice", "status", check=False)) is not None


def test_a_removed_package_keeps_readings_and_configuration_and_says_so(farm, package):
    systemctl("stop", "postgresql@15-main")
    Sender(machine.PORT).send("numbered,source=1 number=1i")
    wait_for("the datagram in the ring", waiting)
    text = run("dpkg", "--remove", "sluice")
    assert "sluice: 1 datagrams wait" in text
    assert show("LoadState") == "not-found" and not machine.is_active("sluice.socket")
    assert not Path("/usr/bin/sluice").exists()
    assert machine.CONFIGURATION.read_text() == machine.LOCAL
    systemctl("start", "postgresql@15-main")
    run("dpkg", "--install", str(package))
    wait_until_equal("the row", farm.count, 1)


def test_a_purged_package_leaves_nothing(farm):
    shutil.copy("/usr/bin/sluice", "/tmp/sluice-binary")
    listed = run("dpkg", "--listfiles", "sluice").split()
    run("dpkg", "--purge", "sluice")
    left = [path for path in listed if os.path.isfile(path)]
    assert left == []
    for path in ("/etc/sluice", "/var/lib/sluice", "/run/sluice", "/etc/systemd/system/sockets.target.wants/sluice.socket"):
        assert not os.path.lexists(path), path
    assert exit_code("dpkg", "--status", "sluice") != 0
    assert "sluice" not in run("systemctl", "list-unit-files", "--no-legend")


def test_scripts_install_and_uninstall(postgresql):
    environment = os.environ | {"SLUICE_BINARY": "/tmp/sluice-binary", "PYTHONDONTWRITEBYTECODE": "1"}

    def script(name: str, **more: str) -> str:
        return subprocess.run(
            [PROJECT / "scripts" / name], env=environment | more, check=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ).stdout

    text = script("install")
    assert "systemctl enable --now" in text
    assert not machine.is_active()
    machine.configure(machine.LOCAL)
    assert run("systemd-analyze", "verify", "sluice.service", "sluice.socket", check=False) == ""
    # Before the daemon looks for it: a line for a table that is not there is rejected.
    postgresql.create_numbered()
    systemctl("enable", "--now", "sluice.socket", "sluice.service")
    Sender(machine.PORT).send("numbered,source=1 number=1i")
    wait_until_equal("the row", postgresql.count, 1)
    assert "/usr/local/bin/sluice" in run("ps", "-o", "args=", "-p", str(machine.main_pid()))
    systemctl("reload", "sluice")
    # Once more, over the first: the configuration stays.
    script("install")
    assert machine.CONFIGURATION.read_text() == machine.LOCAL
    script("uninstall")
    assert not machine.is_active() and show("LoadState") == "not-found"
    assert machine.CONFIGURATION.exists() and Path("/var/lib/sluice/ring-0").exists()
    left = [path for path in Path("/usr/local").rglob("*sluice*")]
    assert left == []


def test_a_tree_for_a_package_touches_nothing_else(tmp_path):
    environment = os.environ | {
        "SLUICE_BINARY": "/tmp/sluice-binary", "DESTDIR": str(tmp_path), "PREFIX": "/usr",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    subprocess.run([PROJECT / "scripts" / "install"], env=environment, check=True)
    unit = (tmp_path / "usr/lib/systemd/system/sluice.service").read_text()
    assert "ExecStart=/usr/bin/sluice run" in unit
    assert not Path("/usr/bin/sluice").exists()
    subprocess.run([PROJECT / "scripts" / "uninstall"], env=environment, check=True)
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [Path("etc/sluice/sluice.toml")]
