"""A payload too long for a frame: it lies in a file, and the frame carries its name.

The sender writes the file once, into the node's directory (a tmpfs, so this is shared memory), then
its frame, the *ticket*. The receiver maps the file and removes it; the buffers of the value (the
data of a numpy array) stay where they are mapped, so they are copied once on their whole way.

    file    pickle │ buffer │ buffer │ ... │ (offset, length) of each │ how many, pickle's length
    path    TO/FROM/NUMBER in the parcels of the node

The kernel makes the directory TO before anyone hears of that process and removes it when it is
dead, so who finds none writes to nobody. TO/FROM is made for the first parcel from there to there,
after the kernel was told that it comes (`PARCELS`). So the kernel knows without looking whom a
death concerns, and nobody ever lists what others wait for, which may be tens of thousands.

What is left over, and who removes it:

1. The receiver dies before it opened the file: the kernel removes its directory.
2. The sender is killed between the file and the frame: the kernel tells those to whom it has sent
   parcels by a `SWEEP`, which stands behind all that the dead ever sent. Files of that sender which
   no waiting frame names then, nobody will ever ask for. (What it wrote to the kernel, the kernel
   has read by then, and removes the rest.)
3. The tmpfs is full (containers often have 64 MB): the file goes to the spare directory on disk,
   where all is the same but that senders make the directories. If that is full as well, the sender
   gets the ``OSError`` and nothing was sent.

What a new process is to run is sent to the kernel, which moves it into the directory of the new
process, so all this holds for it too. A node that ends sweeps nothing: its directory goes whole.

Whoever runs as this user can put anything in these directories: a file that is no parcel, a link, a
directory. It is refused, and goes as a parcel would; where a link leads to, nothing is touched.
"""

from __future__ import annotations

import errno
import mmap
import os
import re
import stat
from collections.abc import Collection
from contextlib import suppress
from pickle import PickleBuffer
from struct import Struct
from typing import NamedTuple

from otp.wire.pipe import descriptor
from otp.wire.place import Place, is_ours, make_directory, remove_tree
from otp.wire.protocol import KERNEL

_ALIGN = 64
_PAIR = Struct("<QQ")
_TICKET = re.compile(rb"[ns]\d{1,20}/\d{1,20}/\d{1,20}")
_FULL = {errno.ENOSPC, errno.EDQUOT}


# ---- directories


def begin(place: Place, serial: int) -> None:
    """Make room for what a process is sent that is about to be."""
    make_directory(f"{place.parcels}/{serial}")


def introduce(place: Place, to: int, sender: int) -> None:
    """The first parcel from there to there is about to be written.

    Raises `FileNotFoundError` if the receiver is dead.
    """
    with suppress(FileExistsError):
        make_directory(f"{place.parcels}/{to}/{sender}")


def end(place: Place, serial: int) -> None:
    """Remove what a process was sent that is dead."""
    for _, root in place.roots():
        try:
            os.rmdir(f"{root}/{serial}")
        except FileNotFoundError:
            pass
        except OSError:  # it is not empty
            remove_tree(f"{root}/{serial}")


def clear(place: Place, to: int, sender: int, named: Collection[bytes] = ()) -> bool:
    """Remove what a dead sender has left, but for these tickets; whether nothing remains."""
    nothing = True
    for kind, root in place.roots():
        directory = f"{root}/{to}/{sender}"
        try:
            if _remove_if_empty(directory):
                continue
            for number in os.listdir(directory):
                if kind + f"{to}/{sender}/{number}".encode() not in named:
                    discard(f"{directory}/{number}")
            nothing = _remove_if_empty(directory) and nothing
        except FileNotFoundError:
            continue
        except NotADirectoryError:  # somebody has put it there: what a link leads to is not ours
            discard(directory)
    return nothing


def _remove_if_empty(directory: str) -> bool:
    try:
        os.rmdir(directory)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        return False
    return True


def _make_spare(place: Place, to: int, sender: int) -> None:
    for path in (place.spare, f"{place.spare}/{to}", f"{place.spare}/{to}/{sender}"):
        with suppress(FileExistsError):
            make_directory(path)
        if not is_ours(path):
            raise PermissionError(f"{path} is not ours alone; set TMPDIR to a directory of yours")


# ---- files


def write(
    place: Place, to: int, sender: int, number: int, data: bytes, buffers: list[PickleBuffer]
) -> bytes:
    """Put the payload into a file; return the ticket.

    Raises `FileNotFoundError` if these two are not introduced, or the receiver is dead.
    """
    path = f"{to}/{sender}/{number}"
    try:
        _write(f"{place.parcels}/{path}", data, buffers)
        return b"n" + path.encode()
    except OSError as error:
        if error.errno not in _FULL:
            raise
    _make_spare(place, to, sender)
    _write(f"{place.spare}/{path}", data, buffers)
    return b"s" + path.encode()


def _write(path: str, data: bytes, buffers: list[PickleBuffer]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        fd = descriptor(os.open, path, flags, 0o600)
        try:
            _fill(fd, data, buffers)
        finally:
            os.close(fd)
    except BaseException:  # it does not fit, or the handler of a signal has raised
        discard(path)
        raise


def _fill(fd: int, data: bytes, buffers: list[PickleBuffer]) -> None:
    index = []
    at = _put(fd, memoryview(data))
    for buffer in buffers:
        at += _put(fd, memoryview(bytes(-at % _ALIGN)))
        raw = buffer.raw()
        index.append(_PAIR.pack(at, raw.nbytes))
        at += _put(fd, raw)
    _put(fd, memoryview(b"".join([*index, _PAIR.pack(len(buffers), len(data))])))


def _put(fd: int, data: memoryview) -> int:
    left = data
    while left.nbytes:
        left = left[os.write(fd, left) :]
    return data.nbytes


def path_of(place: Place, ticket: bytes) -> str:
    """The file that a ticket names. Raises `ValueError` for a ticket that nobody here has made."""
    _check(ticket)
    return f"{place.parcels if ticket[:1] == b'n' else place.spare}/{ticket[1:].decode()}"


def _check(ticket: bytes) -> None:
    if not _TICKET.fullmatch(ticket):
        raise ValueError(f"no parcel has the ticket {ticket[:100]!r}")


def check(ticket: bytes, to: int) -> None:
    """Raises `ValueError` unless it is the ticket of a parcel for this process."""
    _check(ticket)
    if not is_for(ticket, to):
        raise ValueError(f"the parcel {ticket!r} is not for <0.{to}.0>")


def is_for(ticket: bytes, to: int) -> bool:
    """Whether it is the ticket of a parcel for this process."""
    return _TICKET.fullmatch(ticket) is not None and int(ticket[1:].partition(b"/")[0]) == to


def forwarded(ticket: bytes, to: int) -> bytes:
    """The ticket of a parcel that the kernel forwards: it is the first from there to there.

    Raises `ValueError` if that is no ticket of a parcel for the kernel.
    """
    check(ticket, KERNEL)
    return ticket[:1] + f"{to}/{KERNEL}/0".encode()


def forward(place: Place, ticket: bytes, to: int) -> None:
    """Let a parcel for the kernel be one for somebody else."""
    (introduce if ticket[:1] == b"n" else _make_spare)(place, to, KERNEL)
    os.rename(path_of(place, ticket), path_of(place, forwarded(ticket, to)))


class Contents(NamedTuple):
    """What was in a parcel: the pickle and its buffers, where they are mapped."""

    data: memoryview
    buffers: list[memoryview]
    path: str


def fetch(place: Place, ticket: bytes) -> Contents:
    """Map what `write` has written. Raises `OSError` or `ValueError` if it is not there, whole."""
    path = path_of(place, ticket)
    fd = descriptor(os.open, path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        view = memoryview(mmap.mmap(fd, 0))
    finally:
        os.close(fd)
    try:
        return Contents(*_parts(view), path)
    except ValueError:
        view.release()  # its descriptor goes now, and not when nobody knows the error any more
        raise


def open_parcel(place: Place, ticket: bytes) -> Contents:
    """The same, and the file is gone in any case."""
    try:
        return fetch(place, ticket)
    finally:
        discard(path_of(place, ticket))


def _parts(view: memoryview) -> tuple[memoryview, list[memoryview]]:
    end = view.nbytes - _PAIR.size
    if end < 0:
        raise ValueError("this parcel is not whole")
    count, length = _PAIR.unpack_from(view, end)
    if count * _PAIR.size + length > end:
        raise ValueError("this parcel is not whole")
    index = [_PAIR.unpack_from(view, end - (count - i) * _PAIR.size) for i in range(count)]
    if any(at + size > end for at, size in index):
        raise ValueError("this parcel is not whole")
    return view[:length], [view[at : at + size] for at, size in index]


def read_bytes(place: Place, ticket: bytes) -> bytes:
    """The pickle alone, as bytes of our own: for the kernel, which opens nobody's values.

    It is read and never mapped: who cuts a mapped file short ends those who look at it (`SIGBUS`).
    """
    path = path_of(place, ticket)
    try:
        fd = descriptor(os.open, path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            return bytes(_parts(memoryview(_content(fd)))[0])
        finally:
            os.close(fd)
    finally:
        discard(path)


def _content(fd: int) -> bytes:
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        raise ValueError("a parcel is a file")
    with open(fd, "rb", buffering=0, closefd=False) as file:
        return file.read()


def withdraw(place: Place, to: int, sender: int, number: int) -> None:
    """Remove what its sender has not announced, wherever it lies, if it was written at all."""
    for _, root in place.roots():
        discard(f"{root}/{to}/{sender}/{number}")


def discard(path: str) -> None:
    """Remove a file that may be gone already; whatever else somebody has put there goes too."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except IsADirectoryError:
        remove_tree(path)
