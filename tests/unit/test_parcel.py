"""Parcels: payloads that are too long for a frame, as files."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from pickle import PickleBuffer

import pytest

from otp.wire import parcel
from otp.wire.parcel import discard, lying, open_parcel, path_of, read_bytes, write
from otp.wire.place import Place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(str(tmp_path / "node"))
    place.make()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return place


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
    assert os.listdir(place.parcels) == []
    with pytest.raises(FileNotFoundError):
        open_parcel(place, ticket)


def test_buffers_are_aligned_and_writable(place: Place) -> None:
    _, views, _ = open_parcel(place, write(place, 5, 2, 1, b"x", buffers(b"abc", b"def")))
    views[0][0] = ord("A")
    assert bytes(views[0]) == b"Abc"


def test_a_parcel_is_private(place: Place) -> None:
    path = path_of(place, write(place, 5, 2, 1, b"x", []))
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_what_lies_about_is_known_by_receiver_and_sender(place: Place) -> None:
    write(place, 5, 2, 1, b"x", [])
    write(place, 6, 2, 2, b"x", [])
    Path(place.parcels, "odd").touch()
    assert sorted(found[:2] for found in lying(place)) == [(5, 2), (6, 2)]


@pytest.mark.parametrize(
    "ticket", [b"", b"n", b"n../../etc/passwd", b"x5.2.1", b"n5.2.1/..", b"n5.2", b"n5.2.1.4"]
)
def test_a_forged_ticket_is_refused(place: Place, ticket: bytes) -> None:
    with pytest.raises(ValueError, match="no parcel has the ticket"):
        open_parcel(place, ticket)


def test_a_symlink_in_its_place_is_not_followed(place: Place, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(100))
    os.symlink(secret, f"{place.parcels}/5.2.1")
    with pytest.raises(OSError, match="symbolic link"):
        open_parcel(place, b"n5.2.1")
    assert secret.exists()


def test_a_file_that_is_no_parcel_is_refused(place: Place) -> None:
    Path(place.parcels, "5.2.1").write_bytes(b"\xff" * 64)
    with pytest.raises(ValueError, match="not whole"):
        open_parcel(place, b"n5.2.1")


def full(*paths: str):
    """A `parcel._fill` for disks that are full below these directories."""

    def fill(file, data, buffers):
        if file.name.startswith(paths):
            raise OSError(errno.ENOSPC, "No space left on device")
        file.write(data)

    return fill


def test_where_there_is_no_room_the_temp_directory_serves(place: Place, monkeypatch) -> None:
    fill = parcel._fill
    monkeypatch.setattr(
        parcel, "_fill",
        lambda file, *rest: (full(place.parcels) if file.name.startswith(place.parcels) else fill)(
            file, *rest
        ),
    )  # fmt: skip
    ticket = write(place, 5, 2, 1, b"pickle", [])
    assert os.listdir(place.parcels) == []
    assert [found[:2] for found in lying(place)] == [(5, 2)]
    assert read_bytes(place, ticket) == b"pickle"
    assert os.listdir(place.spare) == []


def test_no_room_at_all_raises_at_the_sender_and_leaves_nothing(place: Place, monkeypatch) -> None:
    monkeypatch.setattr(parcel, "_fill", full(place.parcels, place.spare))
    with pytest.raises(OSError, match="No space left"):
        write(place, 5, 2, 1, b"pickle", [])
    assert list(lying(place)) == []


def test_discarding_twice_is_no_error(place: Place) -> None:
    path = path_of(place, write(place, 5, 2, 1, b"x", []))
    discard(path)
    discard(path)
    assert not os.path.exists(path)
