"""From bytes that are known to other bytes, by chance: each change is one that bugs are found by.

>>> chance = random.Random(7)
>>> mutated(chance, b"frame", [b"other"]) != mutated(chance, b"frame", [b"other"])
True
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

LONGEST: Final = 8192
_AT_ONCE: Final = 4

_NUMBERS: Final = [
    *(1 << bits for bits in (0, 7, 8, 15, 16, 31, 32, 63)),
    *((1 << bits) - 1 for bits in (1, 7, 8, 12, 15, 16, 31, 32, 63, 64)),
    0, 17, 4095, 4096, 4097, 65535,
]  # fmt: skip
_PIECES: Final = [
    b"\x00", b"\xff", b"../", b"/", b"\x80\x05", b".", b"(", b"\x94", b"h\x00", b"]", b"}", b"N",
    b"\x88", b"G\x7f\xf8\x00\x00\x00\x00\x00\x00", b"G\x7f\xf0\x00\x00\x00\x00\x00\x00",
    b"\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00", b"\xed\xa0\x80",
    b"\x8c\x02os\x94\x8c\x06system\x94\x93", b"r\xff\xff\xff\x0f",
    b"\x8e\xff\xff\xff\xff\xff\x00\x00\x00",
]  # fmt: skip


def mutated(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    for _ in range(chance.randint(1, _AT_ONCE)):
        data = chance.choice(_WAYS)(chance, data, others)
    return data[:LONGEST]


def _flip(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    if not data:
        return b"\x00"
    at, changed = chance.randrange(len(data)), bytearray(data)
    changed[at] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _another_byte(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    if not data:
        return b"\xff"
    at = chance.randrange(len(data))
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _cut(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] if chance.random() < 0.5 else data[at:]


def _leave_out(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    at, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return data[:at] + data[end:]


def _double(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    at, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return data[:end] + data[at:end] * chance.randint(1, 3) + data[end:]


def _splice(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others)
    at, begin = chance.randint(0, len(data)), chance.randint(0, len(other))
    return data[:at] + other[begin:]


def _append(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    return data + chance.choice(others)


def _insert(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(_PIECES) + data[at:]


def _put_number(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Over what stands there, or between."""
    size = chance.choice((1, 2, 4, 8))
    number = (chance.choice(_NUMBERS) % (1 << 8 * size)).to_bytes(size, "little")
    at = chance.randint(0, len(data))
    return data[:at] + number + data[at + (size if chance.random() < 0.7 else 0) :]


_WAYS: Final[list[Callable[[random.Random, bytes, Sequence[bytes]], bytes]]] = [
    _flip, _flip, _another_byte, _another_byte, _cut, _leave_out, _double, _splice, _append,
    _insert, _put_number, _put_number,
]  # fmt: skip
