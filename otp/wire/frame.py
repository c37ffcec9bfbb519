"""A frame: what one `write` puts into a mailbox pipe.

A write of at most ``PIPE_BUF`` bytes into a pipe is atomic (POSIX): it goes in whole or not at all,
so the frames of many senders never mix, no lock is needed, and a sender that is killed leaves no
half of one. `LIMIT` is lower by two headers than what fits (`ROOM`), so that the kernel can be
given a whole frame inside another one when a pipe is full (`DELIVER`).

>>> split(pack(5, 12, 7, b"value") + b"rest")
([(5, 12, 7, b'value')], b'rest')
"""

from __future__ import annotations

from select import PIPE_BUF
from struct import Struct
from typing import Final, TypeAlias

from otp.wire.protocol import VERSION

Frame: TypeAlias = tuple[int, int, int, bytes]
"""kind, sender, ref, payload"""

_HEADER: Final = Struct("<HBBIQ")
HEAD: Final = _HEADER.size
_VERSION_AT: Final = 2
ROOM: Final = PIPE_BUF - HEAD
LIMIT: Final = ROOM - 2 * HEAD
"""The longest payload of a message, in bytes."""

header = _HEADER.pack
header_at = _HEADER.unpack_from


class CorruptFrame(Exception):
    """These bytes were not written by this version of this library.

    `frames` stand whole before them; `rest` are they, and all that follows.
    """

    def __init__(self, why: str, frames: list[Frame], rest: bytes) -> None:
        super().__init__(why)
        self.frames, self.rest = frames, rest


def pack(kind: int, sender: int, ref: int, payload: bytes = b"") -> bytes:
    """One frame as bytes."""
    return header(HEAD + len(payload), VERSION, kind, sender, ref) + payload


def first(data: bytes) -> tuple[bytes, bytes]:
    """The payload of the first frame, and all that follows it."""
    size = header_at(data, 0)[0]
    return data[HEAD:size], data[size:]


def split(data: bytes) -> tuple[list[Frame], bytes]:
    """The whole frames at the head of `data`, and what is left of it.

    Raises `CorruptFrame` where a header cannot be one.
    """
    at, end = 0, len(data)
    if end >= HEAD:  # one whole frame and nothing else: the rule, where calls are answered fast
        size, version, kind, sender, ref = header_at(data, 0)
        if size == end <= PIPE_BUF and version == VERSION:
            return [(kind, sender, ref, data[HEAD:])], b""
    frames: list[Frame] = []
    while end - at >= HEAD:
        size, version, kind, sender, ref = header_at(data, at)
        if version != VERSION or not HEAD <= size <= PIPE_BUF:
            why = f"version {version}, {size} bytes, kind {kind} at byte {at}"
            raise CorruptFrame(why, frames, data[at:])
        if at + size > end:
            break
        frames.append((kind, sender, ref, data[at + HEAD : at + size]))
        at += size
    return frames, data[at:]


def begins_again(data: bytes) -> int:
    """Where whole frames begin, behind bytes that are none, and go on to the end; or the end.

    Only what was read to its end ends with a whole frame. A frame may look as if one began within
    it, so it is the first place that counts from which everything fits.
    """
    end, in_vain = len(data), set[int]()
    at = data.find(VERSION, _VERSION_AT + 1) - _VERSION_AT
    while 0 < at <= end - HEAD:
        if _fits(data, at, in_vain):
            return at
        at = data.find(VERSION, at + 1 + _VERSION_AT) - _VERSION_AT
    return end


def _fits(data: bytes, at: int, in_vain: set[int]) -> bool:
    """Whether frame follows frame from here to the end; each place is looked at once."""
    end = len(data)
    while at + HEAD <= end and at not in in_vain:
        in_vain.add(at)
        size, version = header_at(data, at)[:2]
        if version != VERSION or not HEAD <= size <= PIPE_BUF:
            return False
        at += size
    return at == end
