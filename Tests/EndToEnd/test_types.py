"""Every column type, through the daemon."""

import datetime
import uuid
from decimal import Decimal

from support.wait import wait_until_equal

BASE = 1_790_000_000_000_000_000

COLUMNS = """
    "timestamp" timestamptz NOT NULL, id integer,
    a smallint, b integer, c bigint, d real, e double precision, f numeric, g boolean, h text,
    i varchar(8), j timestamp, k date, l jsonb, m uuid, n numeric(10,4)
"""


def test_every_column_type_is_written_as_it_was_sent(daemon, database):
    database.create_table("every", COLUMNS)
    daemon.start()
    digits = "1234567890123456789012345678901234567890.0123456789"
    daemon.sender().send(
        "every id=1i,a=-32768i,b=-2147483648i,c=-9223372036854775808i,d=0.5,e=-1.5e-300,"
        f'f=-{digits},g=false,h="",i="12345678",j="1999-12-31T23:59:59.123456",k="1999-12-31",'
        f'l="{{\\"a\\": [1, null]}}",m="00000000-0000-4000-8000-0000000000ff",n=999999.9999 {BASE}',
        "every id=2i,a=32767i,b=2147483647i,c=9223372036854775807i,d=-3.4028235e38,e=1.7e308,"
        f'f=0.1,g=T,h="ä€😀 \\"q\\" \\\\",i="äöü",j="2026-02-28 01:02:03",k="2400-02-29",'
        f'l="true",m="FFFFFFFF-FFFF-4FFF-8FFF-FFFFFFFFFFFF",n=-0.5 {BASE}',
        f"every id=3i {BASE}",
    )
    query = "SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n FROM every ORDER BY id"
    expected = [
        (
            -32768, -2147483648, -9223372036854775808, 0.5, -1.5e-300, Decimal("-" + digits), False,
            "", "12345678", datetime.datetime(1999, 12, 31, 23, 59, 59, 123456),
            datetime.date(1999, 12, 31), {"a": [1, None]},
            uuid.UUID("00000000-0000-4000-8000-0000000000ff"), Decimal("999999.9999"),
        ),
        (
            32767, 2147483647, 9223372036854775807, -3.4028235e38, 1.7e308, Decimal("0.1"), True,
            'ä€😀 "q" \\', "äöü", datetime.datetime(2026, 2, 28, 1, 2, 3),
            datetime.date(2400, 2, 29), True,
            uuid.UUID("ffffffff-ffff-4fff-8fff-ffffffffffff"), Decimal("-0.5000"),
        ),
        (None,) * 14,
    ]  # fmt: skip
    wait_until_equal("the rows", lambda: database.rows(query), expected)


def test_a_value_that_does_not_fit_its_column_costs_its_line_and_names_the_column(
    daemon, database
):
    database.create_table("every", COLUMNS)
    daemon.start()
    bad = {
        "a": ["32768i", '"text"'],
        "b": ["2147483648i", "-2147483649i", '"1x"'],
        "c": ["9223372036854775808u"],
        "d": ["1e300", '"warm"'],
        "g": ['"perhaps"'],
        "i": ['"123456789"'],
        "k": ['"2026-02-30"'],
        "l": ['"{"'],
        "m": ['"not-a-uuid"'],
        "n": ["1000000"],
    }
    sender = daemon.sender()
    number = 0
    for column, values in bad.items():
        for value in values:
            sender.send(
                f"every id={number}i {BASE}",
                f"every id={number + 1}i,{column}={value} {BASE}",
                f"every id={number + 2}i {BASE}",
            )
            number += 3
    good = [(each,) for each in range(number) if each % 3 != 1]
    wait_until_equal(
        "the good rows", lambda: database.rows("SELECT id FROM every ORDER BY id"), good
    )
    daemon.wait_for_log("out_of_range")
    daemon.wait_for_log("not_a_number")
