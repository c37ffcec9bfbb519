"""The way out of what is too long for a frame, or cannot be sent at all."""

from __future__ import annotations

import threading
from pickle import PicklingError
from typing import Any

import pytest

from otp.wire import parcel
from otp.wire.codec import decode
from otp.wire.protocol import MESSAGE, PARCEL
from tests.footprint import parcels
from tests.unit.posting import ME, Bench


def test_a_long_value_lies_there_whole_before_its_frame_does(bench: Bench, monkeypatch) -> None:
    write = parcel.write

    def late(*args: Any) -> bytes:
        assert bench.heard() == []
        ticket = write(*args)
        assert bench.heard() == []
        return ticket

    monkeypatch.setattr(parcel, "write", late)
    assert bench.send(bytes(100_000))
    ((kind, sender, _, ticket),) = bench.heard()
    assert (kind, sender) == (MESSAGE | PARCEL, ME)
    data, buffers, _ = parcel.open_parcel(bench.place, ticket)
    assert decode(data, buffers) == bytes(100_000)


def test_long_values_have_names_of_their_own(bench: Bench) -> None:
    assert all(bench.send(bytes(5000)) for _ in range(3))
    assert len({frame[3] for frame in bench.heard()}) == 3


@pytest.mark.parametrize("padding", [b"", bytes(100_000)], ids=["short", "long"])
@pytest.mark.parametrize("full", [False, True])
def test_what_cannot_be_pickled_changes_nothing(bench: Bench, padding: bytes, full: bool) -> None:
    if full:
        bench.fill()
    with pytest.raises(PicklingError):
        bench.send((threading.Lock(), padding))
    assert bench.heard() == []
    assert bench.asked == []
    assert parcels(bench.place.root) == []
