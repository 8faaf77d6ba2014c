"""What the journal has of it: fields to filter by, explanations, and no wait for journald."""

import os
import signal
from pathlib import Path

import machine_under_test as machine
from machine_under_test import entries, run, systemctl, wait_for_event
from support.send import Sender, numbered_line
from support.wait import wait_for, wait_until_equal


def test_a_refused_line_can_be_filtered_by_its_fields(farm):
    place = machine.cursor()
    Sender(machine.PORT).send("numbered,source=abc number=1i")
    entry = wait_for_event(place, "line_rejected")
    assert entry["SLUICE_SOURCE"] == "main"
    assert entry["SLUICE_TABLE"] == "numbered"
    assert entry["SLUICE_REASON"] == "not_a_number"
    assert entry["SLUICE_LINE"] == "numbered,source=abc number=1i"
    assert entry["SLUICE_LANE"] == "0"
    assert entry["PRIORITY"] == "4"
    assert entry["SYSLOG_IDENTIFIER"] == "sluice"
    assert entry["MESSAGE_ID"] == "9fe08c26bbff4dd682950badcdd7f8bd"
    assert entry["CODE_FILE"].endswith(".swift") and int(entry["CODE_LINE"]) > 0
    assert entries(place, "SLUICE_REASON=not_a_number", "SLUICE_SOURCE=main") == [entry]


def test_a_row_that_the_database_refuses_has_its_sqlstate(farm):
    farm.execute("ALTER TABLE numbered ADD CHECK (number < 100)")
    place = machine.cursor()
    Sender(machine.PORT).send("numbered,source=1 number=100i")
    entry = wait_for_event(place, "row_rejected")
    assert entry["SLUICE_SQLSTATE"] == "23514"
    assert entry["SLUICE_TABLE"] == "numbered"
    assert entry["SLUICE_REASON"] == "check_violation"


def test_transactions_are_told_where_somebody_asks_for_them(farm):
    machine.configure(machine.LOCAL + '[log]\nlevel = "debug"\n')
    place = machine.cursor()
    systemctl("reload", "sluice")
    Sender(machine.PORT).send(*(numbered_line("numbered", number) for number in range(7)))
    entry = wait_for_event(place, "batch_committed")
    assert entry["SLUICE_ROWS"] == "7" and entry["SLUICE_LANE"] == "0"
    assert "numbered" in entry["SLUICE_TABLE"]
    assert float(entry["SLUICE_DURATION"].removesuffix("ms")) > 0


def test_an_outage_is_told_once_with_its_end_and_duration(farm):
    Sender(machine.PORT).send(numbered_line("numbered", 0))
    wait_until_equal("the row", farm.count, 1)
    place = machine.cursor()
    systemctl("stop", "postgresql@15-main")
    Sender(machine.PORT).send(numbered_line("numbered", 1))
    wait_for("an outage of two seconds", lambda: "unreachable for 2" in machine.status())
    systemctl("start", "postgresql@15-main")
    entry = wait_for_event(place, "database_connected")
    assert float(entry["SLUICE_DURATION"].removesuffix("s")) > 1
    assert int(entry["SLUICE_ATTEMPTS"]) > 1
    told = entries(place, "SLUICE_EVENT=database_unavailable", "SLUICE_EVENT=database_lost")
    assert 1 <= len(told) <= 4


def test_entries_explain_themselves(farm):
    place = machine.cursor()
    Sender(machine.PORT).send("numbered,source=abc number=1i")
    wait_for_event(place, "line_rejected")
    text = run("journalctl", "-x", "-u", "sluice", "SLUICE_EVENT=line_rejected", "-n", "1")
    assert "Subject: Line rejected" in text
    assert "What to do: Ask sluice parse" in text
    # The entry's own figures stand in the explanation.
    assert "source: main" in text and "reason: not_a_number" in text


def test_every_event_of_the_documentation_is_in_the_catalog(package):
    known = run("journalctl", "--list-catalog")
    # Where the entries of the catalog say it is.
    document = Path("/usr/share/doc/sluice/journal.md").read_text()
    identifiers = {
        line.split("`")[3] for line in document.splitlines()
        if line.startswith("| `") and len(line.split("`")) > 3 and len(line.split("`")[3]) == 32
    }
    assert len(identifiers) > 40
    assert all(identifier in known for identifier in identifiers)


def test_a_journal_that_hangs_holds_nothing_up_and_its_losses_are_counted(farm):
    place = machine.cursor()
    journald = int(machine.show("MainPID", "systemd-journald.service"))
    os.kill(journald, signal.SIGSTOP)
    try:
        # Each reload is an entry, and journald's socket takes some hundred that nobody reads.
        sender = Sender(machine.PORT)
        for turn in range(1000):
            run("sluice", "reload")
            sender.send(numbered_line("numbered", turn))
        wait_until_equal("the rows", farm.count, 1000)
    finally:
        os.kill(journald, signal.SIGCONT)
    run("sluice", "reload")
    entry = wait_for_event(place, "journal_lost")
    assert int(entry["SLUICE_ENTRIES"]) > 0
    told = len(entries(place, "SLUICE_EVENT=reloaded"))
    lost = sum(int(one["SLUICE_ENTRIES"]) for one in entries(place, "SLUICE_EVENT=journal_lost"))
    # Others may be lost as well: summaries.
    assert told + lost >= 1001


def test_the_same_trouble_is_summed_up(farm):
    place = machine.cursor()
    sender = Sender(machine.PORT)
    for _ in range(2000):
        sender.send("numbered,source=abc number=1i")
    wait_for("all of them", lambda: '"rejected":2000' in run("sluice", "status", "--json"))
    systemctl("restart", "sluice")
    told = entries(place, "SLUICE_EVENT=line_rejected")
    assert len(told) <= 5
    assert sum(int(entry["SLUICE_LINES"]) for entry in told) == 2000


def test_the_status_line_is_one_sentence(farm, start_load):
    start_load()
    wait_for("a commit", lambda: "last commit" in machine.status())
    text = machine.status()
    assert text.startswith("receiving ") and "/s, " in text and "ring " in text
    assert "\n" not in text and len(text) < 120
    assert run("sluice", "status").splitlines()[0].startswith("receiving ")
