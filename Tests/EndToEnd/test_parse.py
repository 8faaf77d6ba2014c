"""`sluice parse`: what would you make of this line?"""

import json

from support.daemon import run_sluice


def parse(payload: bytes, *options: str) -> list[dict]:
    result = run_sluice("parse", *options, input=payload)
    return [json.loads(line) for line in result.stdout.decode().splitlines()]


def test_points_and_errors_come_in_the_order_of_the_input():
    points = parse(
        b"# comment\n"
        b'pump\\ house,site=a speed=1450i,load=-0,on=T,name="a\\"b",big=18446744073709551615u 7\n'
        b"nothing\n"
        b"m f=1\n"
    )
    assert points == [
        {
            "line": 2,
            "measurement": "pump house",
            "tags": {"site": "a"},
            "fields": {
                "speed": {"type": "int", "value": "1450"},
                "load": {"type": "float", "value": 0, "bits": "8000000000000000"},
                "on": {"type": "bool", "value": True},
                "name": {"type": "string", "value": 'a"b'},
                "big": {"type": "uint", "value": "18446744073709551615"},
            },
            "timestamp": "7",
        },
        {"line": 3, "error": "field"},
        {
            "line": 4,
            "measurement": "m",
            "tags": {},
            "fields": {"f": {"type": "float", "value": 1, "bits": "3ff0000000000000"}},
            "timestamp": None,
        },
    ]


def test_the_precision_scales_timestamps():
    assert [p["timestamp"] for p in parse(b"m f=1 2\n", "--precision", "s")] == ["2000000000"]
    assert [p["error"] for p in parse(b"m f=1 9223372036854775807\n", "--precision", "h")] == [
        "range"
    ]


def test_files_are_read_in_their_order(folder):
    for name, value in (("one", 1), ("two", 2)):
        (folder / name).write_text(f"m f={value}\n")
    points = parse(b"", str(folder / "one"), str(folder / "two"))
    assert [point["fields"]["f"]["value"] for point in points] == [1, 2]


def test_a_file_that_is_not_there_is_an_error_that_names_it(folder):
    result = run_sluice("parse", str(folder / "missing"))
    assert result.returncode == 66  # EX_NOINPUT
    assert "missing" in result.stderr.decode()
