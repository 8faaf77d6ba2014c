"""The books of each listener: kept with the ring, right after every end of the process."""

import json

from support.daemon import run_sluice
from support.send import numbered_line
from support.wait import wait_for, wait_until_equal


def books(daemon) -> dict:
    done = run_sluice("ring", "ledger", "--json", "--config", str(daemon.config_file))
    assert done.returncode == 0, done.stderr + done.stdout
    rings = [json.loads(line) for line in done.stdout.splitlines()]
    return {one["listener"]: one for one in rings[0]["listeners"]}


def send(daemon, first: int, count: int) -> None:
    sender = daemon.sender()
    for number in range(first, first + count):
        sender.send(numbered_line("numbered", number), "no line protocol", "nowhere v=1")


def test_they_go_on_over_kills_and_stops(daemon, numbered):
    for round in range(4):
        daemon.start()
        send(daemon, round * 50, 50)
        wait_for("the rows", lambda: numbered.count("numbered") >= (round + 1) * 50)
        daemon.wait_until_received()
        daemon.kill() if round % 2 else daemon.stop()
    daemon.start()
    assert daemon.stop() == 0
    main = books(daemon)["main"]
    assert main["received"]["datagrams"] == main["accepted"]["datagrams"] == 200
    assert main["committed"]["datagrams"] == 200
    assert main["lines"] == 600 and main["rows"] == 200
    assert sum(main["rejected"].values()) == 400
    assert main["rejected"]["no_table"] == 200
    assert main["adds_up"]
    assert daemon.lines_of_log("ledger_imbalance") == []


def test_they_say_what_was_refused_and_what_waits(daemon, numbered):
    daemon.config["udp"][0] |= {"datagram_max": 100, "allow": ["127.0.0.1"]}
    daemon.config["batch"]["drain"] = "0s"
    numbered.server.stop()
    daemon.start()
    sender = daemon.sender()
    sender.send(numbered_line("numbered", 1))
    sender.send("x" * 200)
    daemon.sender(source="127.0.0.2").send(numbered_line("numbered", 2))
    daemon.wait_until_received()
    assert daemon.stop() == 0
    numbered.server.start()
    main = books(daemon)["main"]
    counts = {name: main[name]["datagrams"] for name in ("received", "truncated", "refused")}
    assert counts == {"received": 3, "truncated": 1, "refused": 1}
    assert main["in_ring"]["datagrams"] == 1 and main["adds_up"]
    daemon.start()
    wait_until_equal("the row", lambda: numbered.count("numbered"), 1)
    assert daemon.stop() == 0
    main = books(daemon)["main"]
    assert main["in_ring"]["datagrams"] == 0 and main["rows"] == 1


def test_people_can_read_them_while_the_daemon_works(daemon, numbered):
    daemon.start()
    send(daemon, 0, 5)
    wait_for("the rows", lambda: numbered.count("numbered") == 5)
    daemon.wait_until_received()
    done = run_sluice("ring", "ledger", "--config", str(daemon.config_file))
    text = done.stdout.decode()
    assert done.returncode == 0
    assert "rows           5 lines" in text and "it adds up" in text, text
