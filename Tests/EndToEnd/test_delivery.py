"""What is sent is what stands in the tables, line by line."""

from support.wait import wait_for, wait_until_equal

BASE = 1_790_000_000_000_000_000
READINGS = "environmental_environmentalreading"
WEATHER = "environmental_weatherdata"


def readings(database):
    return lambda: database.rows(
        f"""SELECT sensor_id, (extract(epoch FROM "timestamp") * 1000000)::bigint,
                   temperature, oxygen, ph, salinity
            FROM {READINGS} ORDER BY sensor_id, "timestamp" """
    )


def sensors(database):
    return lambda: [row[0] for row in readings(database)()]


def line(sensor: int, temperature: object, number: int = 0) -> str:
    return f"{READINGS},sensor_id={sensor} temperature={temperature} {BASE + number * 1000}"


def test_exactly_the_rows_that_were_sent_arrive(daemon, database):
    daemon.start()
    sender = daemon.sender()
    expected = []
    for datagram in range(50):
        lines = []
        for place in range(10):
            number = datagram * 10 + place
            temperature, oxygen = number / 8, 100 - number / 3
            lines.append(
                f"{READINGS},sensor_id={number % 7} temperature={temperature!r},"
                f"oxygen={oxygen!r} {BASE + number * 1000}"
            )
            expected.append(
                (number % 7, BASE // 1000 + number, temperature, oxygen, None, None)
            )
        sender.send(*lines)
    wait_until_equal("500 rows", lambda: database.count(READINGS), 500)
    assert readings(database)() == sorted(expected, key=lambda row: row[:2])


def test_a_bad_line_in_the_middle_of_a_good_datagram_costs_that_line_only(daemon, database):
    daemon.start()
    daemon.sender().send(
        line(1, 1.5),
        f"{READINGS},sensor_id=2 temperature=nan {BASE}",
        line(3, 3.5),
        "no fields at all",
        f"{READINGS},sensor_id=4 temperature= {BASE}",
        line(5, 5.5),
    )
    wait_until_equal("the three good rows", sensors(database), [1, 3, 5])
    daemon.stop()
    assert daemon.totals()["lines"] == 6
    assert daemon.totals()["rows"] == 3
    assert daemon.totals()["rejected"] == 3


def test_an_unterminated_string_costs_its_line_only(daemon, database):
    daemon.start()
    daemon.sender().send(line(1, 1.5), f'{READINGS},sensor_id=2 temperature="1', line(3, 3.5))
    wait_until_equal("the rows around it", sensors(database), [1, 3])


def test_comments_blank_lines_and_carriage_returns_are_no_rows_and_no_errors(daemon, database):
    daemon.start()
    text = f"# a comment\r\n\r\n  \n{line(1, 1.5)}\r\n{line(2, 2.5)}\r\n"
    daemon.sender().send_bytes(text.encode())
    wait_until_equal("two rows", sensors(database), [1, 2])


def test_several_tables_in_one_datagram(daemon, database):
    database.create_table("pump", '"timestamp" timestamptz NOT NULL, speed integer, name text')
    daemon.start()
    daemon.sender().send(
        line(1, 1.5),
        f"{WEATHER},area_id=9 wind_speed=12.5,cloud_cover=3 {BASE}",
        f'pump speed=1450i,name="north, \\"old\\"" {BASE}',
        line(2, 2.5),
    )
    wait_until_equal("the readings", sensors(database), [1, 2])
    weather = f"SELECT area_id, wind_speed, cloud_cover, temperature FROM {WEATHER}"
    wait_until_equal("the weather", lambda: database.rows(weather), [(9, 12.5, 3.0, None)])
    pump = "SELECT speed, name FROM pump"
    wait_until_equal("the pump", lambda: database.rows(pump), [(1450, 'north, "old"')])


def test_a_table_is_reached_by_the_measurements_that_the_mapping_names(daemon, database):
    daemon.config["table"] = [{"name": READINGS, "measurement": ["water", "sea water"]}]
    daemon.start()
    daemon.sender().send(
        f"water,sensor_id=1 temperature=1.5 {BASE}",
        f"sea\\ water,sensor_id=2 temperature=2.5 {BASE}",
    )
    wait_until_equal("both rows", sensors(database), [1, 2])


def test_an_unknown_measurement_is_told_once_and_costs_nothing_else(daemon, database):
    daemon.start()
    sender = daemon.sender()
    for number in range(20):
        sender.send(f"no_such_table,sensor_id=1 value=1 {BASE}", line(number, 1.5))
    wait_until_equal("the known rows", lambda: database.count(READINGS), 20)
    daemon.wait_for_log("no_such_table")
    daemon.stop()
    assert len(daemon.lines_of_log("unmatched_name.*no_such_table")) == 1
    assert daemon.totals()["rejected_no_table"] == 20


def test_an_unknown_field_is_told_once_and_the_rest_of_its_line_is_written(daemon, database):
    daemon.start()
    sender = daemon.sender()
    for number in range(20):
        sender.send(f"{READINGS},sensor_id={number} temperature=1.5,turbidity=7 {BASE}")
    wait_until_equal("all rows", sensors(database), list(range(20)))
    daemon.wait_for_log("turbidity")
    daemon.stop()
    assert len(daemon.lines_of_log("unmatched_name.*turbidity")) == 1
    assert daemon.totals()["unmatched_values"] == 20


def test_a_column_that_is_added_while_running_is_filled(daemon, database):
    daemon.start()
    sender = daemon.sender()
    sender.send(f"{READINGS},sensor_id=1 temperature=1.5,turbidity=7 {BASE}")
    wait_until_equal("the first row", sensors(database), [1])
    database.execute(f"ALTER TABLE {READINGS} ADD COLUMN turbidity double precision")
    turn = iter(range(1, 1_000_000))

    def is_filled() -> bool:
        sender.send(
            f"{READINGS},sensor_id=2 temperature=1.5,turbidity=7 {BASE + next(turn) * 1000}"
        )
        return bool(database.value(f"SELECT count(*) FROM {READINGS} WHERE turbidity = 7"))

    wait_for("the new column to be filled", is_filled)


def test_a_row_that_is_there_already_is_rejected_with_a_reason_and_the_rest_is_written(
    daemon, database
):
    daemon.start()
    sender = daemon.sender()
    sender.send(line(1, 1.5))
    wait_until_equal("the first row", sensors(database), [1])
    sender.send(line(2, 2.5), line(1, 99), line(3, 3.5), line(3, 98), line(4, 4.5))
    wait_until_equal("the new rows", sensors(database), [1, 2, 3, 4])
    assert [row[2] for row in readings(database)()] == [1.5, 2.5, 3.5, 4.5]
    daemon.wait_for_log("unique_violation")
    daemon.stop()
    assert daemon.totals()["rejected_unique_violation"] == 2


def test_rows_that_a_constraint_refuses_are_rejected_and_the_rest_is_written(daemon, database):
    database.execute("CREATE TABLE pond (id bigint PRIMARY KEY)", "INSERT INTO pond VALUES (1)")
    database.create_table(
        "level",
        """ "timestamp" timestamptz NOT NULL, height integer CHECK (height > 0),
        depth integer NOT NULL, pond bigint REFERENCES pond DEFERRABLE INITIALLY DEFERRED""",
    )
    daemon.start()
    daemon.sender().send(
        f"level,pond=1 height=1i,depth=1i {BASE}",
        f"level,pond=1 height=-2i,depth=1i {BASE}",
        f"level,pond=1 height=3i {BASE}",
        f"level,pond=77 height=4i,depth=1i {BASE}",
        f"level,pond=1 height=5i,depth=1i {BASE}",
    )
    heights = "SELECT height FROM level ORDER BY height"
    wait_until_equal("the good rows", lambda: database.rows(heights), [(1,), (5,)])
    daemon.stop()
    assert daemon.totals()["rejected"] == 3
