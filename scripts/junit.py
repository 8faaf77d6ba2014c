"""Prints "total failed skipped" of a JUnit report; fails when there is none that can be read."""

import sys
import xml.etree.ElementTree as tree


def count(path: str) -> tuple[int, int, int]:
    cases = tree.parse(path).getroot().findall(".//testcase")
    failed = sum(1 for case in cases if {"failure", "error"} & {part.tag for part in case})
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    return len(cases), failed, skipped


if __name__ == "__main__":
    try:
        print(*count(sys.argv[1]))
    except (OSError, tree.ParseError) as error:
        sys.exit(f"error: {sys.argv[1]}: {error}")
