"""Looks into a ring's file as docs/ring-format.md describes it, without the daemon."""

import re
import struct
from pathlib import Path

AREA = 262_144
IDENTITY = 16
MARK_SLOTS = (8_192, 12_288)
FRAME, PADDING = 0xF1, 0xA0
# More than tests send between two looks.
LOOK_BYTES = 1 << 20


def checksum(data: bytes) -> int:
    """CRC32C, as everything in the file has it."""
    state = 0xFFFF_FFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F6_3B78 if state & 1 else 0)
    return state ^ 0xFFFF_FFFF


class RingFile:
    """The ring of a daemon that was killed, perhaps in the middle of an append."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._capacity = path.stat().st_size - AREA
        self._identity = self._read(IDENTITY, 16)

    def __enter__(self) -> "RingFile":
        return self

    def __exit__(self, *_) -> None:
        self._file.close()

    def _read(self, place: int, length: int) -> bytes:
        self._file.seek(place)
        return self._file.read(length)

    def _mark(self) -> list[int]:
        """Six words of the newest slot that is whole: a kill may have torn the other."""
        slots = []
        for place in MARK_SLOTS:
            slot = self._read(place, 64)
            *words, found = struct.unpack("<8Q", slot)
            if checksum(self._identity + slot[:56] + bytes(24)) == found:
                slots.append(words)
        return max(slots)[1:]

    def _head(self) -> int:
        """The offset behind the last whole frame: some may stand behind the mark's head."""
        position, offset = self._mark()[2:4]
        while True:
            header = self._read(AREA + offset % self._capacity, 32).ljust(32, b"\0")
            word, found = struct.unpack_from("<II", header)
            kind, length = word >> 24, word & 0xFFFFFF
            rest = header[8:] if kind == FRAME else bytes(24)
            text = self._identity + struct.pack("<QQ", position, word) + rest
            if kind not in (FRAME, PADDING) or checksum(text) != found:
                return offset % self._capacity
            step = (32 + length + 7) // 8 * 8 if kind == FRAME else length
            position, offset = position + step, offset + step

    def newest_bytes(self) -> bytes:
        """The last of what was accepted, written or not, in the order in which it came."""
        head = self._head()
        length = min(LOOK_BYTES, self._capacity)
        before = b""
        if head < length:
            # What came before it is at the end of the area.
            before = self._read(AREA + self._capacity - (length - head), length - head)
        return before + self._read(AREA + max(head - length, 0), min(head, length))


def newest_number(path: Path) -> int:
    """The number of the newest of the numbered rows, see `numbered_line`; -1 when there is none."""
    with RingFile(path) as ring:
        found = re.findall(rb"number=1(\d{9})i", ring.newest_bytes())
    return int(found[-1]) if found else -1


def newest_numbers(path: Path) -> dict[int, int]:
    """The largest number of each source, see `mixed.line`."""
    newest: dict[int, int] = {}
    with RingFile(path) as ring:
        for source, number in re.findall(rb"source=(\d+) number=(\d+)i", ring.newest_bytes()):
            newest[int(source)] = max(newest.get(int(source), -1), int(number))
    return newest


def with_version(ring: bytes, version: int) -> bytes:
    """The same ring as a program of another version would have written its header."""
    changed = bytearray(ring)
    for place in (0, 4_096):
        struct.pack_into("<I", changed, place + 8, version)
        struct.pack_into("<I", changed, place + 508, checksum(bytes(changed[place : place + 508])))
    return bytes(changed)
