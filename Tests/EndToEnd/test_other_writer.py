"""Another daemon with a copy of the same ring, as on a cloned machine: neither takes what the other
one has written for its own."""

from support.send import numbered_line, numbers
from support.wait import wait_for, wait_until_equal

# A multiple of eight, behind everything that this ring may come to.
FAR = 1 << 41


def move_position(database, distance: int) -> None:
    database.execute(f"UPDATE sluice_progress SET position = position + {distance}")


def test_readings_are_kept_when_somebody_else_moves_the_position(daemon, numbered):
    daemon.start()
    sender = daemon.sender()
    for number in range(50):
        sender.send(numbered_line("numbered", number))
    wait_for("the first rows", lambda: numbered.count("numbered") == 50)
    move_position(numbered, FAR)
    for number in range(50, 100):
        sender.send(numbered_line("numbered", number))
    daemon.wait_for_log("another writer")
    # It is tried again, more than once.
    for _ in range(3):
        daemon.wait_for_status()
    assert daemon.find_in_log("event=progress_ahead") is None
    assert numbered.count("numbered") == 50
    move_position(numbered, -FAR)
    wait_until_equal("all rows, once", lambda: numbers(numbered), list(range(100)))
    assert daemon.stop() == 0
    assert daemon.totals()["already_stored"] == 0
