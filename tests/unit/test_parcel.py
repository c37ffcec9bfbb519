"""Parcels: payloads that are too long for a frame, as files."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from pickle import PickleBuffer
from struct import Struct, error
from typing import Any

import pytest

from otp.wire import parcel
from otp.wire.parcel import begin, discard, open_parcel, path_of, read_bytes
from otp.wire.place import Place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(str(tmp_path / "node"))
    place.make()
    monkeypatch.setattr("otp.wire.place._TEMP", str(tmp_path))
    begin(place, 5)
    begin(place, 6)
    return place


def write(place: Place, to: int, sender: int, number: int, *contents: Any) -> bytes:
    """As a sender does, with the first and all others."""
    parcel.introduce(place, to, sender)
    return parcel.write(place, to, sender, number, *contents)


def lying(place: Place) -> list[str]:
    """What nobody has opened."""
    found = []
    for root in (place.parcels, place.spare):
        files = [path for path in Path(root).rglob("*") if not path.is_dir()]
        found += [str(path.relative_to(root)) for path in files]
    return sorted(found)


def buffers(*contents: bytes) -> list[PickleBuffer]:
    return [PickleBuffer(bytearray(content)) for content in contents]


@pytest.mark.parametrize(
    "contents", [[], [b"one"], [b"one", b"", b"three" * 1000], [bytes(1_000_000)]], ids=len
)
def test_a_parcel_comes_out_as_it_went_in(place: Place, contents: list[bytes]) -> None:
    ticket = write(place, 5, 2, 1, b"pickle", buffers(*contents))
    data, views, _ = open_parcel(place, ticket)
    assert bytes(data) == b"pickle"
    assert [bytes(view) for view in views] == contents


def test_opening_removes_the_file(place: Place) -> None:
    ticket = write(place, 5, 2, 1, b"pickle", [])
    assert read_bytes(place, ticket) == b"pickle"
    assert lying(place) == []
    with pytest.raises(FileNotFoundError):
        open_parcel(place, ticket)


def test_buffers_are_aligned_and_writable(place: Place) -> None:
    _, views, _ = open_parcel(place, write(place, 5, 2, 1, b"x", buffers(b"abc", b"def")))
    views[0][0] = ord("A")
    assert bytes(views[0]) == b"Abc"


def test_a_parcel_is_private(place: Place) -> None:
    path = path_of(place, write(place, 5, 2, 1, b"x", []))
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_first_parcel_is_announced_before_it_can_be_written(place: Place) -> None:
    with pytest.raises(FileNotFoundError):
        parcel.write(place, 5, 2, 1, b"x", [])
    parcel.introduce(place, 5, 2)
    parcel.introduce(place, 5, 2)
    assert parcel.write(place, 5, 2, 1, b"x", []) == b"n5/2/1"


def test_nobody_writes_to_the_dead(place: Place) -> None:
    write(place, 5, 2, 1, b"x", [])
    parcel.end(place, 5)
    parcel.end(place, 5)
    assert lying(place) == []
    with pytest.raises(FileNotFoundError):
        parcel.write(place, 5, 2, 2, b"x", [])
    with pytest.raises(FileNotFoundError):
        parcel.introduce(place, 5, 2)


def test_what_the_dead_has_left_goes_but_for_what_was_announced(place: Place) -> None:
    tickets = [write(place, 5, 2, number, b"x", []) for number in (1, 2, 3)]
    write(place, 5, 3, 1, b"x", [])
    write(place, 6, 2, 4, b"x", [])
    assert not parcel.clear(place, 5, 2, {tickets[0]})
    assert lying(place) == ["5/2/1", "5/3/1", "6/2/4"]
    assert read_bytes(place, tickets[0]) == b"x"
    assert parcel.clear(place, 5, 2)
    assert parcel.clear(place, 5, 2)
    assert sorted(os.listdir(f"{place.parcels}/5")) == ["3"]


def test_the_death_of_a_sender_lists_nothing_that_others_have_sent(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkdir(place.spare, 0o700)
    listed: list[str] = []
    listdir = os.listdir
    monkeypatch.setattr("os.listdir", lambda path: [listed.append(path), listdir(path)][1])
    write(place, 5, 3, 1, b"x", [])
    write(place, 5, 2, 1, b"x", [])
    parcel.clear(place, 5, 2)
    parcel.end(place, 2)
    assert listed == [f"{place.parcels}/5/2"]


def test_what_the_kernel_was_sent_it_can_forward(place: Place) -> None:
    begin(place, 0)
    begin(place, 7)
    ticket = write(place, 0, 2, 9, b"work", [])
    parcel.forward(place, ticket, 7)
    assert lying(place) == ["7/0/0"]
    assert read_bytes(place, parcel.forwarded(ticket, 7)) == b"work"


@pytest.mark.parametrize(
    "ticket",
    [
        b"",
        b"n",
        b"n../../etc/passwd",
        b"x5/2/1",
        b"n5/2/..",
        b"n5/2",
        b"n5/2/1/4",
        b"n/5/2/1",
        b"n5/2/1\n",
    ],
)
def test_a_forged_ticket_is_refused(place: Place, ticket: bytes) -> None:
    with pytest.raises(ValueError, match="no parcel has the ticket"):
        open_parcel(place, ticket)


def test_a_symlink_in_its_place_is_not_followed(place: Place, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(100))
    parcel.introduce(place, 5, 2)
    os.symlink(secret, f"{place.parcels}/5/2/1")
    with pytest.raises(OSError, match="symbolic link"):
        open_parcel(place, b"n5/2/1")
    assert secret.exists()


def test_a_file_that_is_no_parcel_is_refused(place: Place) -> None:
    path = path_of(place, write(place, 5, 2, 1, b"x", []))
    Path(path).write_bytes(b"\xff" * 64)
    with pytest.raises(ValueError, match="not whole"):
        open_parcel(place, b"n5/2/1")


@pytest.mark.parametrize("left", [1, 100, 1000, 1016, 1040, 1056])
def test_a_parcel_that_is_cut_off_anywhere_is_refused(place: Place, left: int) -> None:
    path = path_of(place, write(place, 5, 2, 1, b"pickle" * 100, buffers(b"\xff" * 400)))
    whole = os.path.getsize(path)
    os.truncate(path, min(left, whole - 1))
    with pytest.raises((ValueError, error)):
        open_parcel(place, b"n5/2/1")
    assert not os.path.exists(path)


def test_a_buffer_that_is_not_whole_is_refused(place: Place) -> None:
    path = path_of(place, write(place, 5, 2, 1, b"pickle", buffers(b"buffer")))
    data = bytearray(Path(path).read_bytes())
    data[-32:-16] = Struct("<QQ").pack(64, 1000)
    Path(path).write_bytes(data)
    with pytest.raises(ValueError, match="not whole"):
        open_parcel(place, b"n5/2/1")


def test_what_is_for_somebody_else_is_told_apart(place: Place) -> None:
    parcel.check(b"n5/2/1", 5)
    for ticket in (b"n6/2/1", b"n2/5/1", b"s55/2/1"):
        assert not parcel.is_for(ticket, 5)
        with pytest.raises(ValueError, match=r"is not for <0\.5\.0>"):
            parcel.check(ticket, 5)
    with pytest.raises(ValueError, match=r"is not for <0\.0\.0>"):
        parcel.forward(place, b"n5/2/1", 6)


PLANTED = {
    "a FIFO": os.mkfifo, "a directory": os.mkdir, "a link": lambda path: os.symlink("/etc", path),
    "a full directory": lambda path: os.makedirs(f"{path}/within"),
}  # fmt: skip


@pytest.mark.parametrize("opens", [open_parcel, read_bytes])
@pytest.mark.parametrize("what", PLANTED)
def test_whatever_else_lies_there_is_refused_and_goes(place: Place, what: str, opens) -> None:
    parcel.introduce(place, 5, 2)
    PLANTED[what](f"{place.parcels}/5/2/1")
    with pytest.raises((OSError, ValueError)):
        opens(place, b"n5/2/1")
    assert os.listdir(f"{place.parcels}/5/2") == []
    assert os.path.isdir("/etc")


@pytest.mark.parametrize("where", ["5/2", "5/2/1"])
@pytest.mark.parametrize("what", PLANTED)
def test_whatever_lies_where_parcels_of_the_dead_were_goes(
    place: Place, tmp_path: Path, what: str, where: str
) -> None:
    os.makedirs(os.path.dirname(f"{place.parcels}/{where}"), exist_ok=True)
    PLANTED[what](f"{place.parcels}/{where}")
    assert parcel.clear(place, 5, 2)
    assert os.listdir(f"{place.parcels}/5") == []
    assert os.path.isdir("/etc")


def full(*paths: str):
    """A `parcel._fill` for disks that are full below these directories."""

    def fill(fd, data, buffers):
        if path_behind(fd).startswith(paths):
            raise OSError(errno.ENOSPC, "No space left on device")
        os.write(fd, data)

    return fill


def path_behind(fd: int) -> str:
    return os.readlink(f"/proc/self/fd/{fd}")


def test_where_there_is_no_room_the_temp_directory_serves(place: Place, monkeypatch) -> None:
    fill = parcel._fill
    monkeypatch.setattr(
        parcel, "_fill",
        lambda fd, *rest: (
            full(place.parcels) if path_behind(fd).startswith(place.parcels) else fill
        )(fd, *rest),
    )  # fmt: skip
    ticket = write(place, 5, 2, 1, b"pickle", [])
    assert ticket == b"s5/2/1"
    assert lying(place) == ["5/2/1"]
    assert read_bytes(place, ticket) == b"pickle"
    assert lying(place) == []
    begin(place, 7)
    begin(place, 0)
    assert os.stat(place.spare).st_mode & 0o777 == 0o700
    ticket = write(place, 0, 2, 2, b"work", [])
    parcel.forward(place, ticket, 7)
    assert read_bytes(place, parcel.forwarded(ticket, 7)) == b"work"
    write(place, 5, 2, 3, b"pickle", [])
    parcel.end(place, 7)
    assert parcel.clear(place, 5, 2)
    assert sorted(os.listdir(place.spare)) == ["0", "5"]
    place.remove()
    assert not os.path.exists(place.spare)


def test_no_room_at_all_raises_at_the_sender_and_leaves_nothing(place: Place, monkeypatch) -> None:
    monkeypatch.setattr(parcel, "_fill", full(place.parcels, place.spare))
    with pytest.raises(OSError, match="No space left"):
        write(place, 5, 2, 1, b"pickle", [])
    assert lying(place) == []


def test_discarding_twice_is_no_error(place: Place) -> None:
    path = path_of(place, write(place, 5, 2, 1, b"x", []))
    discard(path)
    discard(path)
    assert not os.path.exists(path)
