"""Frames: what one write puts into a pipe, and how a reader finds them in what it has read."""

from __future__ import annotations

from select import PIPE_BUF

import pytest

from otp.wire.frame import LIMIT, ROOM, CorruptFrame, pack, split
from otp.wire.protocol import CALL, DELIVER, MESSAGE, PARCEL


def test_a_frame_comes_out_as_it_went_in() -> None:
    frame = (CALL | PARCEL, 2**32 - 1, 2**64 - 1, b"payload")
    assert split(pack(*frame)) == ([frame], b"")


def test_frames_are_split_in_order() -> None:
    data = b"".join(pack(MESSAGE, sender, 0, bytes(sender)) for sender in range(5))
    assert split(data) == ([(MESSAGE, sender, 0, bytes(sender)) for sender in range(5)], b"")


def test_a_frame_may_be_empty() -> None:
    assert split(pack(MESSAGE, 1, 2)) == ([(MESSAGE, 1, 2, b"")], b"")


def test_a_frame_that_is_cut_anywhere_waits_for_its_rest() -> None:
    data = pack(MESSAGE, 1, 2, b"first") + pack(CALL, 3, 4, b"second")
    for cut in range(len(data)):
        first, rest = split(data[:cut])
        second, nothing = split(rest + data[cut:])
        assert [*first, *second] == [(MESSAGE, 1, 2, b"first"), (CALL, 3, 4, b"second")]
        assert nothing == b""


def test_the_longest_message_fits_into_another_frame_and_that_into_one_write() -> None:
    message = pack(MESSAGE, 1, 2, bytes(LIMIT))
    carried = pack(DELIVER, 1, 2, b"1234" + message)
    assert len(carried) <= PIPE_BUF
    assert split(carried)[0][0][3][4:] == message
    assert len(pack(DELIVER, 1, 2, bytes(ROOM))) == PIPE_BUF


@pytest.mark.parametrize(
    "data",
    [
        b"these bytes are no frame at all",
        bytes(100),
        pack(MESSAGE, 1, 2, bytes(PIPE_BUF)),
        pack(MESSAGE, 1, 2)[:2] + b"\x63" + pack(MESSAGE, 1, 2)[3:],
    ],
    ids=["text", "zeros", "too long", "another version"],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptFrame, match="version"):
        split(data)
