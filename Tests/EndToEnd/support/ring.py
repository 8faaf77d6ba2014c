"""Looks into a ring's file as docs/ring-format.md describes it, without the daemon."""

import re
import struct
from pathlib import Path

AREA = 262_144
MARK_SLOTS = (8_192, 12_288)
# More than tests send between two looks.
LOOK_BYTES = 1 << 20


def newest_bytes(file: Path) -> bytes:
    """The last of what a ring has accepted, written or not, in the order in which it came."""
    with file.open("rb") as ring:
        capacity = file.stat().st_size - AREA
        marks = []
        for place in MARK_SLOTS:
            ring.seek(place)
            marks.append(struct.unpack("<7Q", ring.read(56)))
        # A sequence number, and then: tail, its offset, head, its offset.
        head = max(marks)[4]
        length = min(LOOK_BYTES, capacity)
        # The round before ends at the end of the area.
        ring.seek(AREA + head + capacity - length if head < length else AREA + head - length)
        end = ring.read(length - head) if head < length else b""
        ring.seek(AREA + max(head - length, 0))
        return end + ring.read(min(head, length))


def newest_number(file: Path) -> int:
    """The number of the newest of the numbered rows, see `numbered_line`; -1 when there is none."""
    found = re.findall(rb"number=1(\d{9})i", newest_bytes(file))
    return int(found[-1]) if found else -1


def newest_numbers(file: Path) -> dict[int, int]:
    """The largest number of each source, see `mixed.line`."""
    found = re.findall(rb"source=(\d+) number=(\d+)i", newest_bytes(file))
    newest: dict[int, int] = {}
    for source, number in found:
        newest[int(source)] = max(newest.get(int(source), -1), int(number))
    return newest


def checksum(data: bytes) -> int:
    """CRC32C, as everything in the file has it."""
    state = 0xFFFF_FFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F6_3B78 if state & 1 else 0)
    return state ^ 0xFFFF_FFFF


def with_version(ring: bytes, version: int) -> bytes:
    """The same ring as a program of another version would have written its header."""
    changed = bytearray(ring)
    for place in (0, 4_096):
        struct.pack_into("<I", changed, place + 8, version)
        struct.pack_into("<I", changed, place + 508, checksum(bytes(changed[place : place + 508])))
    return bytes(changed)
