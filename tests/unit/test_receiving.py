"""How many messages are looked at, in a mailbox where very many wait."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from otp.runtime import opening
from otp.runtime.context import Context
from otp.runtime.mailbox import NOTHING
from otp.runtime.receiving import receive
from otp.wire.codec import flat
from otp.wire.frame import pack
from otp.wire.place import Place
from otp.wire.protocol import ANSWER, MESSAGE, REPLY

MANY = 100_000


class Bench:
    """A process that nobody knows but who holds its pipe, and how often it has loaded something."""

    def __init__(self, place: Place) -> None:
        self.fds = [*os.pipe2(os.O_NONBLOCK), *os.pipe2(os.O_NONBLOCK)]
        self.context = Context(place, 2, self.fds[0], self.fds[3])
        self.loaded = 0

    def loads(self, data: bytes) -> Any:
        self.loaded += 1
        return opening.decode(data)

    def flood(self) -> None:
        frames = b"".join(pack(MESSAGE, 9, 0, flat(number)) for number in range(1000))
        for _ in range(MANY // 1000):
            self.puts(frames)

    def puts(self, data: bytes) -> None:
        os.write(self.fds[1], data)
        self.context.mailbox.pull()


@pytest.fixture
def bench(place: Place, monkeypatch) -> Iterator[Bench]:
    bench = Bench(place)
    monkeypatch.setattr(opening, "loads", bench.loads)
    yield bench
    for fd in bench.fds:
        os.close(fd)


@pytest.mark.parametrize("kind", [REPLY, ANSWER])
def test_who_waits_for_a_reply_looks_at_nothing_else(bench: Bench, kind: int) -> None:
    bench.flood()
    for tag in range(1, 100):
        bench.context.mailbox.awaited[tag] = None
        bench.puts(pack(kind, 9, tag, flat("reply")))
        assert bench.context.reply(tag) == (kind, 9, tag, flat("reply"))
    assert bench.loaded == 0
    assert len(bench.context.mailbox.arrived) == MANY


def test_a_reply_that_comes_too_late_is_dropped_unseen(bench: Bench) -> None:
    for tag in range(1, 1000):
        bench.puts(pack(REPLY, 9, tag, flat("late")))
    assert receive(bench.context, None, 0.0) is NOTHING
    assert bench.loaded == 0


def test_a_message_is_loaded_once_however_many_receives_pass_it_over(bench: Bench) -> None:
    bench.flood()
    for word in ("a", "b", "c"):
        bench.puts(pack(MESSAGE, 9, 0, flat(word)))
        assert receive(bench.context, lambda m, word=word: m == word, 0.0) == word
    assert bench.loaded == MANY + 3


def test_a_receive_that_is_woken_again_and_again_looks_only_at_what_is_new(bench: Bench) -> None:
    bench.flood()
    looked_at = 0

    def match(message: Any) -> bool:
        nonlocal looked_at
        looked_at += 1
        if looked_at >= MANY and message != "wanted":
            bench.puts(pack(MESSAGE, 9, 0, flat("more" if looked_at < MANY + 100 else "wanted")))
        return bool(message == "wanted")

    assert receive(bench.context, match, None) == "wanted"
    assert looked_at == MANY + 101


def test_who_takes_what_comes_looks_at_each_message_once(bench: Bench) -> None:
    bench.flood()
    assert all(receive(bench.context, None, 0.0) is not NOTHING for _ in range(MANY))
    assert bench.loaded == MANY
