"""What a process refuses of what stands in its pipe: it is logged once, and over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from pickle import dumps

import pytest

from otp.runtime.context import Context
from otp.runtime.mailbox import NOTHING
from otp.runtime.receiving import receive
from otp.terms import Crash, Exit, Pid
from otp.wire import parcel
from otp.wire.codec import decode, flat
from otp.wire.frame import pack
from otp.wire.place import Place
from otp.wire.protocol import (
    ANSWER,
    CALL,
    DOWN,
    EXIT,
    MESSAGE,
    PARCEL,
    REFUSED,
    REPLY,
    SWEEP,
    TIMER_ASKED,
)

ME, OTHER = 5, 6


class Bench:
    """A process that nobody but this test knows."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.fds = [*os.pipe2(os.O_NONBLOCK), *os.pipe2(os.O_NONBLOCK)]
        for serial in (ME, OTHER):
            parcel.begin(place, serial)
        self.context = Context(place, ME, self.fds[0], self.fds[3])

    def hears(self, kind: int, payload: bytes, sender: int = OTHER, ref: int = 7) -> None:
        os.write(self.fds[1], pack(kind, sender, ref, payload))

    def next(self) -> object:
        return receive(self.context, None, 0.0)

    def goes_on(self) -> None:
        """What comes next is heard."""
        self.hears(MESSAGE, flat("next"))
        assert self.next() == "next"
        assert self.next() is NOTHING


@pytest.fixture
def bench(place: Place) -> Iterator[Bench]:
    bench = Bench(place)
    yield bench
    for fd in bench.fds:
        os.close(fd)


@pytest.mark.parametrize(
    "payload", [b"", b"text", dumps(7), dumps(([], True)), dumps((1, 2, 3)), dumps(print)]
)
def test_a_question_for_a_timer_that_makes_no_sense_is_dropped(
    bench: Bench, caplog: pytest.LogCaptureFixture, payload: bytes
) -> None:
    bench.hears(TIMER_ASKED, payload)
    bench.goes_on()
    assert caplog.text.count("dropped a question of <0.6.0>") == 1


@pytest.mark.parametrize("kind", [ANSWER, REPLY, REFUSED, DOWN, EXIT, SWEEP, TIMER_ASKED, 30, 99])
@pytest.mark.parametrize("ticket", [b"", b"n5/6/..", b"n6/7/1", b"n" + b"5" * 4000])
def test_a_ticket_that_is_none_of_mine_is_dropped(
    bench: Bench, caplog: pytest.LogCaptureFixture, kind: int, ticket: bytes
) -> None:
    bench.hears(kind | PARCEL, ticket)
    bench.goes_on()
    assert f"of kind {kind | PARCEL}: it makes no sense" in caplog.text


@pytest.mark.parametrize("kind", [MESSAGE, CALL])
def test_the_parcel_of_somebody_else_is_neither_read_nor_removed(
    bench: Bench, caplog: pytest.LogCaptureFixture, kind: int
) -> None:
    parcel.introduce(bench.place, OTHER, 7)
    ticket = parcel.write(bench.place, OTHER, 7, 1, flat("secret"), [])
    bench.hears(kind | PARCEL, ticket)
    bench.goes_on()
    assert "is not for <0.5.0>" in caplog.text
    assert parcel.read_bytes(bench.place, ticket) == flat("secret")


def test_an_exit_signal_whose_reason_is_lost_is_one(bench: Bench) -> None:
    bench.hears(EXIT | PARCEL, b"n5/6/1")
    bench.context.mailbox.pull()
    assert bench.context.condemned is not None
    assert "lost on its way" in decode(bench.context.condemned[0])


def test_the_same_as_a_message(bench: Bench) -> None:
    bench.context.trapping = True
    bench.hears(EXIT | PARCEL, b"n5/6/1", ref=0)
    news = bench.next()
    assert isinstance(news, Exit)
    assert "lost on its way" in news.reason


@pytest.mark.parametrize("content", [b"", b"x", bytes(15), bytes(17), b"\xff" * 100])
@pytest.mark.parametrize("kind", [MESSAGE, CALL])
def test_a_file_that_is_no_parcel_is_dropped(bench: Bench, kind: int, content: bytes) -> None:
    parcel.introduce(bench.place, ME, OTHER)
    path = Path(f"{bench.place.parcels}/{ME}/{OTHER}/1")
    path.write_bytes(content)
    bench.hears(kind | PARCEL, b"n5/6/1")
    bench.goes_on()
    assert not path.exists()


def test_what_is_logged_of_a_value_that_does_not_load_is_short(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.hears(MESSAGE, dumps(Verbose()))
    bench.goes_on()
    assert "ValueError" in caplog.text
    assert max(map(len, caplog.text.splitlines())) < 2000


class Verbose:
    def __reduce__(self) -> tuple[object, ...]:
        return (raises_at_length, ())


def raises_at_length() -> None:
    raise ValueError("x" * 100_000)


def test_parcels_of_the_dead_that_cannot_be_removed_are_given_up(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*where: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(parcel, "clear", refuses)
    bench.hears(SWEEP, b"")
    bench.goes_on()
    assert "what <0.6.0> has sent to <0.5.0> stays" in caplog.text
    assert not bench.context.sweeping.dead


def test_a_pid_of_nobody_may_be_in_any_frame(bench: Bench) -> None:
    bench.hears(CALL, flat("x"), sender=2**32 - 1, ref=2**64 - 1)
    kind, caller, request = bench.next()  # type: ignore[misc]
    assert (kind, request) == ("$gen_call", "x")
    assert caller == (Pid(2**32 - 1, bench.place.id), 2**64 - 1)
    assert not isinstance(request, Crash)
