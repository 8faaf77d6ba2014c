"""A COMMIT that is still at work when the daemon is killed."""

import pytest

from support.send import numbered_line, numbers
from support.wait import wait_for


@pytest.mark.parametrize("key", [None, "number"])
def test_a_commit_that_ends_after_the_daemon_was_killed_is_not_written_again(
    daemon, numbered, key
):
    if key:
        numbered.execute(f"ALTER TABLE numbered ADD UNIQUE ({key})")
    numbered.execute(
        """CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END$$""",
        """CREATE CONSTRAINT TRIGGER rest AFTER INSERT ON numbered DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.number % 2 = 0) EXECUTE FUNCTION rest()""",
    )
    daemon.start()
    sender = daemon.sender()
    commits = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'"
    for number in range(0, 6, 2):
        sender.send(numbered_line("numbered", number))
        wait_for("a COMMIT under way", lambda: numbered.value(commits))
        daemon.kill()
        daemon.start()
        sender.send(numbered_line("numbered", number + 1))
        wait_for("the next row", lambda: number + 1 in numbers(numbered))
        # Nothing is held against the row for being there already.
        assert daemon.lines_of_log("row_rejected") == []
    assert numbers(numbered) == list(range(6))
    # Nobody has to do anything.
    assert daemon.lines_of_log("batch_held") == []
    assert daemon.stop() == 0
    assert daemon.totals()["rejected"] == 0
