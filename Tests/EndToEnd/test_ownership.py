"""What root does to the service's files leaves them the service's."""

import os
import pwd

import pytest

from support.daemon import run_sluice

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be mistaken for another")


def give_away(daemon) -> pwd.struct_passwd:
    """Gives everything to another user, as the service manager would."""
    owner = pwd.getpwnam("nobody")
    os.chmod(daemon.folder, 0o755)
    for path in [daemon.folder / "ring", *(daemon.folder / "ring").rglob("*")]:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    return owner


def owners(daemon) -> set[int]:
    return {path.stat().st_uid for path in (daemon.folder / "ring").rglob("*")}


def test_a_resized_ring_belongs_to_the_same_user(daemon, database):
    daemon.start()
    assert daemon.stop() == 0
    owner = give_away(daemon)
    done = run_sluice("ring", "resize", "--size", "4MiB", "--config", str(daemon.config_file))
    assert done.returncode == 0, done.stderr
    assert owners(daemon) == {owner.pw_uid}


def test_a_replay_leaves_files_of_the_same_user(daemon, database):
    daemon.start()
    daemon.sender().send("nowhere v=1")
    daemon.wait_for_log("event=unmatched_name")
    assert daemon.stop() == 0
    owner = give_away(daemon)
    done = run_sluice("rejects", "replay", "--config", str(daemon.config_file))
    # Another user cannot reach the server, or its line is refused again: either way it tried.
    assert done.returncode in (65, 69), done.stderr
    assert owners(daemon) == {owner.pw_uid}
