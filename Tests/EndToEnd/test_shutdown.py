"""SIGTERM, kill -9 and the restart after them.

The rows are numbered and the datagrams of one size, so what was accepted is a run of numbers
without a gap, and the table (without a key) shows a row that was written twice."""

import signal

from support.send import Load, numbered_line, numbers
from support.wait import wait_for


def test_sigterm_writes_what_was_accepted_and_leaves_with_success(daemon, numbered):
    daemon.start()
    load = Load(daemon.port).start()
    wait_for("rows under load", lambda: numbered.count("numbered") >= 500)
    seen = numbered.count("numbered")
    assert daemon.stop() == 0
    load.stop()
    written = numbers(numbered)
    assert written == list(range(len(written)))
    assert len(written) >= seen
    assert daemon.notifications.has("STOPPING")


def test_sigint_stops_as_sigterm_does(daemon, numbered):
    daemon.start()
    daemon.sender().send(numbered_line("numbered", 0))
    wait_for("the row", lambda: numbers(numbered) == [0])
    daemon.signal(signal.SIGINT)
    assert daemon.wait() == 0


def test_a_restart_goes_on_where_the_last_run_ended(daemon, numbered):
    sent = 0
    for _ in range(3):
        daemon.start()
        sender = daemon.sender()
        for number in range(sent, sent + 50):
            sender.send(numbered_line("numbered", number))
        sent += 50
        wait_for(f"{sent} rows", lambda: numbered.count("numbered") >= sent)
        assert daemon.stop() == 0
    assert numbers(numbered) == list(range(sent))


def test_sigterm_with_a_full_ring_and_no_database_keeps_the_ring_for_the_next_start(
    daemon, numbered
):
    daemon.config["ring"]["size"] = "1MiB"
    numbered.server.stop()
    daemon.start()
    load = Load(daemon.port, lines=20, rate=1000).start()
    # 1 MiB holds less than this; the daemon drops the newest from then on.
    wait_for("more than the ring holds", lambda: load.sent > 60_000)
    assert daemon.stop() == 0
    sent = load.stop()

    numbered.server.start()
    daemon.start()
    daemon.wait_until_written(numbered)
    written = numbers(numbered)
    assert written == list(range(len(written))), "a gap or a double in what was accepted"
    assert 5_000 < len(written) < sent


def test_kill_in_an_outage_loses_nothing_that_the_ring_holds(daemon, numbered):
    numbered.server.stop()
    daemon.start()
    sender = daemon.sender()
    for number in range(1000):
        sender.send(numbered_line("numbered", number))
    daemon.wait_until_received()
    daemon.kill()
    numbered.server.start()
    daemon.start()
    wait_for("all rows", lambda: numbered.count("numbered") >= 1000)
    assert numbers(numbered) == list(range(1000))


def test_kill_of_an_idle_daemon_is_no_restored_database(daemon, numbered):
    for number in range(3):
        daemon.start()
        daemon.sender().send(numbered_line("numbered", number))
        wait_for("the row", lambda: numbered.count("numbered") > number)
        daemon.kill()
    assert numbers(numbered) == [0, 1, 2]
    assert daemon.lines_of_log("progress_behind") == []


def test_a_database_that_lost_what_it_confirmed_is_told_of(daemon, numbered):
    daemon.start()
    daemon.sender().send(numbered_line("numbered", 0))
    wait_for("the row", lambda: numbers(numbered) == [0])
    daemon.kill()
    numbered.execute("DELETE FROM sluice_progress", "DELETE FROM numbered")
    daemon.start()
    daemon.wait_for_log("progress_behind")
    daemon.sender().send(numbered_line("numbered", 1))
    wait_for("the next row", lambda: numbers(numbered) == [1])


def test_a_stop_that_waits_for_the_database_asks_for_more_time(daemon, numbered):
    daemon.config["batch"]["drain"] = "2s"
    numbered.server.stop()
    daemon.start()
    daemon.sender().send(numbered_line("numbered", 0))
    daemon.wait_until_received()
    assert daemon.stop() == 0
    messages = daemon.notifications.messages()
    asked = [int(m["EXTEND_TIMEOUT_USEC"]) for m in messages if "EXTEND_TIMEOUT_USEC" in m]
    assert len(asked) >= 2 and min(asked) > 1_000_000
    numbered.server.start()
    daemon.start()
    wait_for("the row", lambda: numbers(numbered) == [0])


def test_a_new_size_holds_from_the_next_start_with_what_is_in_the_ring(daemon, numbered):
    def size() -> int:
        return (daemon.folder / "ring" / "ring-0").stat().st_size

    numbered.server.stop()
    daemon.start()
    before = size()
    daemon.sender().send(numbered_line("numbered", 0))
    daemon.wait_until_received()
    daemon.config["ring"]["size"] = "32MiB"
    daemon.kill()
    daemon.start()
    daemon.wait_for_log("has its new size")
    assert size() == before + (16 << 20)
    numbered.server.start()
    wait_for("the row", lambda: numbers(numbered) == [0])
    daemon.sender().send(numbered_line("numbered", 1))
    wait_for("the next row", lambda: numbers(numbered) == [0, 1])


def test_kill_under_load_leaves_one_gap_and_no_doubles(daemon, numbered):
    daemon.start()
    load = Load(daemon.port).start()
    wait_for("rows under load", lambda: numbered.count("numbered") >= 500)
    before = load.sent
    seen = numbered.count("numbered")
    daemon.kill()
    daemon.start()
    restarted = load.sent
    wait_for("rows after the restart", lambda: max(numbers(numbered)) > restarted)
    sent = load.stop()
    last = sent - 1
    wait_for("the last row", lambda: last in numbers(numbered))

    written = numbers(numbered)
    assert len(written) == len(set(written)), "a row was written twice"
    missing = sorted(set(range(sent)) - set(written))
    # Only what was on its way through the kernel or sent while no one listened.
    assert missing == list(range(missing[0], missing[-1] + 1)) if missing else True
    assert not missing or (missing[0] >= seen and missing[-1] <= restarted)
    assert before <= restarted


def test_kill_again_and_again_never_writes_a_row_twice(daemon, numbered):
    daemon.start()
    load = Load(daemon.port).start()
    for _ in range(5):
        goal = load.sent
        wait_for("rows after the restart", lambda: max(numbers(numbered), default=-1) > goal)
        daemon.kill()
        daemon.start()
    goal = load.sent
    wait_for("rows after the restart", lambda: max(numbers(numbered)) > goal)
    load.stop()
    assert daemon.stop() == 0
    written = numbers(numbered)
    assert len(written) == len(set(written))
    gaps = [first for first, second in zip(written, written[1:]) if second != first + 1]
    assert len(gaps) <= 5
