"""What the kernel loads of bytes from anybody: plain values, and no bombs."""

from __future__ import annotations

import pickle
from pickle import UnpicklingError
from typing import Any

import pytest

from otp.wire.plain import plain


@pytest.mark.parametrize("protocol", [4, 5])
@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, 255, 65535, -1, 2**40, -(2**70), 1.5, "", "text", "x" * 300, b"", b"y" * 300,
        (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], [1, 2], {}, {"a": 1}, {"a": 1, "b": []},
        ("same", "same"), ("worker", 7, {"environ": {f"NAME{n}": "value" for n in range(500)}}),
        "x" * 100_000, b"y" * 100_000, "\ud800",
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_what_pickle_writes_of_plain_values_is_read(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    assert plain(data) == value
    assert plain(memoryview(data)) == value


def doubled(times: int) -> bytes:
    """A tuple that is twice the one before, so many times."""
    return b"\x80\x05)" + b"\x94h\x00\x86" + b"".join(
        b"\x94h%c\x86" % number for number in range(1, times)
    )  # fmt: skip


BOMBS = {
    "a memo of 4 GB": b"\x80\x05Nr\xff\xff\xff\x0f.",
    "the same in text": b"\x80\x05Np268435455\n.",
    "a tuple of 2**80 parts": doubled(80) + b".",
    "a hash without end": b"\x80\x05}" + doubled(80)[2:] + b"Ns.",
    "a hash that overflows the stack": b"\x80\x05})" + b"\x85" * 1_000_000 + b"Ns.",
    "a list within itself": b"\x80\x05]\x94h\x00a.",
    "code": b"\x80\x05\x8c\x02os\x94\x8c\x06system\x94\x93.",
    "old code": b"cos\nsystem\n.",
    "a set": pickle.dumps({1}),
    "a buffer": b"\x80\x05\x97.",
    "somebody's object": b"\x80\x05K\x01Q.",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_it_would_not_survive_is_refused_before_it_is_loaded(bomb: str) -> None:
    with pytest.raises(UnpicklingError, match="no plain value"):
        plain(BOMBS[bomb])


@pytest.mark.parametrize("left", range(12))
def test_what_is_cut_off_is_refused(left: int) -> None:
    data = pickle.dumps(("text", 1000), 5)
    with pytest.raises((UnpicklingError, EOFError)):
        plain(data[: left + 2])


def test_a_length_that_goes_beyond_the_end_is_refused() -> None:
    with pytest.raises(UnpicklingError, match="cut off"):
        plain(b"\x80\x05\x8e" + b"\xff" * 8 + b"x.")
