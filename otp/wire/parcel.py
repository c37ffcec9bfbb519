"""A payload too long for a frame: it lies in a file, and the frame carries its name.

The sender writes the file once, into the node's directory (a tmpfs, so this is shared memory), then
its frame, the *ticket*. The receiver maps the file and removes it; the buffers of the value (the
data of a numpy array) stay where they are mapped, so they are copied once on their whole way.

    file    pickle │ buffer │ buffer │ ... │ (offset, length) of each │ how many, pickle's length
    name    TO.FROM.NUMBER

What is left over, and who removes it:

1. The receiver dies before it opened the file: the kernel removes all that is addressed to it.
2. The sender is killed between the file and the frame: the kernel tells the receiver by a `SWEEP`,
   which stands behind all that the dead ever sent. Files of that sender which no waiting frame
   names then, nobody will ever ask for.
3. The tmpfs is full (containers often have 64 MB): the file goes to the spare directory on disk.
   If that is full as well, the sender gets the ``OSError`` and nothing was sent.
"""

from __future__ import annotations

import errno
import mmap
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pickle import PickleBuffer
from struct import Struct
from typing import BinaryIO, NamedTuple

from otp.wire.place import Place

_ALIGN = 64
_PAIR = Struct("<QQ")
_NAME = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def write(
    place: Place, to: int, sender: int, number: int, data: bytes, buffers: list[PickleBuffer]
) -> bytes:
    """Put the payload into a file; return the ticket."""
    name = f"{to}.{sender}.{number}"
    try:
        _write(f"{place.parcels}/{name}", data, buffers)
        return b"n" + name.encode()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    with suppress(FileExistsError):
        os.mkdir(place.spare, 0o700)
    _write(f"{place.spare}/{name}", data, buffers)
    return b"s" + name.encode()


def _write(path: str, data: bytes, buffers: list[PickleBuffer]) -> None:
    try:
        with open(path, "xb", buffering=0, opener=_private) as file:
            _fill(file, data, buffers)
    except OSError:
        discard(path)
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _fill(file: BinaryIO, data: bytes, buffers: list[PickleBuffer]) -> None:
    index = []
    at = _put(file, memoryview(data))
    for buffer in buffers:
        at += _put(file, memoryview(bytes(-at % _ALIGN)))
        raw = buffer.raw()
        index.append(_PAIR.pack(at, raw.nbytes))
        at += _put(file, raw)
    _put(file, memoryview(b"".join([*index, _PAIR.pack(len(buffers), len(data))])))


def _put(file: BinaryIO, data: memoryview) -> int:
    left = data
    while left.nbytes:
        left = left[file.write(left) :]
    return data.nbytes


def path_of(place: Place, ticket: bytes) -> str:
    """The file that a ticket names. Raises `ValueError` for a ticket that nobody here has made."""
    name = ticket[1:].decode("ascii", "replace")
    if not _NAME.fullmatch(name) or ticket[:1] not in (b"n", b"s"):
        raise ValueError(f"no parcel has the ticket {ticket!r}")
    return f"{place.parcels if ticket[:1] == b'n' else place.spare}/{name}"


class Contents(NamedTuple):
    """What was in a parcel: the pickle and its buffers, where they are mapped."""

    data: memoryview
    buffers: list[memoryview]
    path: str


def fetch(place: Place, ticket: bytes) -> Contents:
    """Map what `write` has written. Raises `OSError` or `ValueError` if it is not there, whole."""
    path = path_of(place, ticket)
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        view = memoryview(mmap.mmap(fd, 0))
    finally:
        os.close(fd)
    return Contents(*_parts(view), path)


def open_parcel(place: Place, ticket: bytes) -> Contents:
    """The same, and the file is gone in any case."""
    try:
        return fetch(place, ticket)
    finally:
        discard(path_of(place, ticket))


def _parts(view: memoryview) -> tuple[memoryview, list[memoryview]]:
    end = view.nbytes - _PAIR.size
    count, length = _PAIR.unpack_from(view, end)
    if count * _PAIR.size + length > end:
        raise ValueError("this parcel is not whole")
    index = [_PAIR.unpack_from(view, end - (count - i) * _PAIR.size) for i in range(count)]
    if any(at + size > end for at, size in index):
        raise ValueError("this parcel is not whole")
    return view[:length], [view[at : at + size] for at, size in index]


def read_bytes(place: Place, ticket: bytes) -> bytes:
    """The pickle alone, as bytes of our own: for the kernel, which opens nobody's values."""
    return bytes(open_parcel(place, ticket)[0])


def discard(path: str) -> None:
    """Remove a file that may be gone already."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def lying(place: Place) -> Iterator[tuple[int, int, str]]:
    """All parcels that nobody has opened: to whom, from whom, path."""
    for directory in (place.parcels, place.spare):
        with suppress(FileNotFoundError):
            for name in os.listdir(directory):
                if found := _NAME.fullmatch(name):
                    yield int(found[1]), int(found[2]), f"{directory}/{name}"
