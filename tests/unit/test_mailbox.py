"""The mailbox: from the pipe into memory, with a doorbell that may ring between two instructions.

The rules are those at the head of `otp.runtime.mailbox`. The doorbell is a function call here, made
at the very moment that a rule is about.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from time import monotonic

import pytest

from otp.errors import NodeDown
from otp.runtime import mailbox as module
from otp.runtime.mailbox import CAME, DEAD, LATE, Mailbox
from otp.wire.frame import pack
from otp.wire.place import Place
from otp.wire.protocol import DOWN, EXIT, MESSAGE, REPLY


class Bench:
    """A mailbox without a process: its pipe, a kernel that is only a pipe, and a writer."""

    def __init__(self, place: Place) -> None:
        self.read, self.write = os.pipe2(os.O_NONBLOCK)
        self.kernel_reads, self.kernel = os.pipe()
        self.mailbox = Mailbox(self.read, self.kernel)

    def put(self, *frames: bytes) -> None:
        for frame in frames:
            os.write(self.write, frame)

    def close(self) -> None:
        for fd in (self.read, self.write, self.kernel_reads, self.kernel):
            if fd >= 0:
                os.close(fd)


@pytest.fixture
def bench(place: Place) -> Iterator[Bench]:
    bench = Bench(place)
    yield bench
    bench.close()


def message(number: int, payload: bytes = b"") -> bytes:
    return pack(MESSAGE, number, 0, payload)


def numbers(mailbox: Mailbox) -> list[int]:
    return [frame[1] for frame in mailbox.arrived]


def test_what_is_in_the_pipe_is_taken_in_order(bench: Bench) -> None:
    bench.put(*(message(n) for n in range(10)))
    bench.mailbox.pull()
    assert numbers(bench.mailbox) == list(range(10))


def test_a_frame_that_was_cut_by_a_read_is_put_together(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(module, "READ", 1)  # each brings as much as it was asked for
    data = message(1, b"payload") + message(2)
    for at in range(len(data)):
        bench.put(data[at : at + 1])
        bench.mailbox.pull()
    assert bench.mailbox.arrived[0] == (MESSAGE, 1, 0, b"payload")
    assert numbers(bench.mailbox) == [1, 2]


def test_bytes_that_are_no_frame_are_dropped_with_a_report(bench: Bench, caplog) -> None:
    bench.put(b"somebody writes text into our pipe\n")
    bench.mailbox.pull()
    bench.put(message(1))
    bench.mailbox.pull()
    assert numbers(bench.mailbox) == [1]
    assert "dropped 35 bytes that are no message" in caplog.text


def test_half_a_frame_that_nobody_ends_swallows_nothing_of_what_comes_next(
    bench: Bench, caplog
) -> None:
    bench.put(message(1), message(2, bytes(4000))[:20])
    bench.mailbox.pull()
    bench.put(message(3))
    bench.mailbox.pull()
    assert numbers(bench.mailbox) == [1, 3]
    assert "dropped 20 bytes that are no message: half a frame" in caplog.text


def test_a_reply_goes_to_who_awaits_it_and_only_the_first(bench: Bench) -> None:
    bench.mailbox.awaited[7] = None
    bench.put(pack(REPLY, 1, 7, b"first"), pack(REPLY, 1, 7, b"second"), pack(REPLY, 1, 8, b"late"))
    bench.mailbox.pull()
    assert bench.mailbox.awaited == {7: (REPLY, 1, 7, b"first")}
    assert not bench.mailbox.arrived


@pytest.mark.parametrize("by_alias", [True, False])
def test_a_reply_that_nobody_awaits_is_heard_only_if_it_came_by_an_alias(
    bench: Bench, by_alias: bool
) -> None:
    bench.mailbox.signal = lambda frame: frame if by_alias else None
    bench.put(pack(REPLY, 1, 7, b"late"))
    bench.mailbox.pull()
    assert numbers(bench.mailbox) == [1] * by_alias


def test_signals_are_decided_in_their_turn(bench: Bench) -> None:
    heard = []

    def decided(frame):
        heard.append(frame[0])
        return frame if frame[0] == EXIT else None

    bench.mailbox.signal = decided
    bench.put(message(1), pack(EXIT, 2, 0), pack(DOWN, 3, 0), message(4))
    bench.mailbox.pull()
    assert heard == [EXIT, DOWN]
    assert numbers(bench.mailbox) == [1, 2, 4]


# ---- the doorbell


def test_a_bell_inside_a_read_does_not_read_but_lets_it_read_again(
    bench: Bench, monkeypatch
) -> None:
    mailbox, reads = bench.mailbox, bench.mailbox._reads

    def rung() -> Iterator[bytes]:
        data = next(reads)
        bench.put(message(2))
        mailbox.ring()
        assert not mailbox.arrived  # the first is not split yet, the second not read
        monkeypatch.setattr(mailbox, "_reads", reads)
        yield data

    monkeypatch.setattr(mailbox, "_reads", rung())
    bench.put(message(1))
    mailbox.pull()
    assert numbers(mailbox) == [1, 2]


def test_a_bell_between_two_halves_of_a_frame_does_not_mix_them(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(module, "READ", 1)
    mailbox, header_at = bench.mailbox, module.header_at
    first, second = message(1, b"first"), message(2, b"second")
    rings = iter([True])

    def rung(data: bytes, at: int):
        if next(rings, False):
            bench.put(first[-3:] + second)
            mailbox.ring()
            assert not mailbox.arrived  # its first half is in the hands of whom the bell interrupts
        return header_at(data, at)

    monkeypatch.setattr(module, "header_at", rung)
    bench.put(first[:-3])
    mailbox.pull()
    assert numbers(mailbox) == [1, 2]
    assert mailbox.arrived[0] == (MESSAGE, 1, 0, b"first")


def test_a_bell_while_the_process_works_takes_everything_in(bench: Bench) -> None:
    bench.put(message(1), message(2))
    bench.mailbox.ring()
    assert numbers(bench.mailbox) == [1, 2]


def test_a_bell_between_the_look_and_the_sleep_keeps_the_process_awake(
    bench: Bench, monkeypatch
) -> None:
    mailbox = bench.mailbox

    def rung() -> bool:
        bench.put(message(1))
        mailbox.ring()  # takes it out of the pipe, on which we are about to sleep
        return False

    monkeypatch.setattr(mailbox, "_try", rung)
    assert mailbox.wait(monotonic() + 5) == CAME
    assert numbers(mailbox) == [1]


def test_a_bell_after_the_last_look_leaves_the_pipe_to_the_sleeper(
    bench: Bench, monkeypatch
) -> None:
    mailbox, poll = bench.mailbox, module.select.poll

    class Rung:
        def __init__(self) -> None:
            self.poller = poll()
            self.register = self.poller.register

        def poll(self, left):
            assert mailbox._parked
            bench.put(message(1))
            mailbox.ring()
            assert not mailbox.arrived
            return self.poller.poll(left)

    monkeypatch.setattr(mailbox, "_try", lambda: False)
    monkeypatch.setattr(module.select, "poll", Rung)
    assert mailbox.wait(None) == CAME
    assert numbers(mailbox) == [1]


def test_what_the_bell_took_in_since_the_last_wait_ends_the_next_one(bench: Bench) -> None:
    bench.put(message(1))
    bench.mailbox.ring()
    assert bench.mailbox.wait(None) == CAME


# ---- waiting


def test_a_wait_ends_with_its_deadline(bench: Bench) -> None:
    assert bench.mailbox.wait(monotonic() + 0.001) == LATE
    assert bench.mailbox.wait(monotonic() - 1) == LATE


def test_what_stands_there_already_beats_a_deadline_that_has_passed(bench: Bench) -> None:
    bench.put(message(1))
    assert bench.mailbox.wait(monotonic() - 1) == CAME


def test_a_wait_ends_with_the_death_of_whom_it_watches(bench: Bench) -> None:
    reader, sensor = os.pipe()
    assert bench.mailbox.wait(monotonic(), sensor) == LATE
    os.close(reader)
    assert bench.mailbox.wait(None, sensor) == DEAD
    os.close(sensor)


def test_what_the_dead_had_sent_is_there_when_its_death_is_told(bench: Bench, monkeypatch) -> None:
    reader, sensor = os.pipe()
    poll = module.select.poll

    class Dying:
        def __init__(self) -> None:
            self.poller = poll()
            self.register = self.poller.register

        def poll(self, left):
            os.close(reader)
            ready = self.poller.poll(left)
            bench.put(message(1))  # comes too late for this look
            return ready

    monkeypatch.setattr(module.select, "poll", Dying)
    assert bench.mailbox.wait(None, sensor) == DEAD
    assert numbers(bench.mailbox) == [1]
    os.close(sensor)


def test_a_wait_that_nothing_can_end_any_more_raises(bench: Bench) -> None:
    os.close(bench.kernel_reads)
    bench.kernel_reads = -1
    with pytest.raises(NodeDown, match="the node has ended"):
        bench.mailbox.wait(None)


def test_what_came_before_the_node_ended_is_still_heard(bench: Bench) -> None:
    os.close(bench.kernel_reads)
    bench.kernel_reads = -1
    bench.put(message(1))
    assert bench.mailbox.wait(None) == CAME
    assert numbers(bench.mailbox) == [1]
