"""The victim says something: a message, a request, a reply."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pickle import PickleBuffer, dumps
from typing import Any, ClassVar

from otp import gen_server, process
from otp.errors import CallError
from otp.gen_server import GenServer, NoReply, Ok, Reply
from otp.terms import Pid
from otp.wire import parcel, pipe
from otp.wire.frame import LIMIT, pack
from otp.wire.protocol import MESSAGE
from tests.havoc.killing.hunter import Point, mark
from tests.havoc.killing.path import Path
from tests.havoc.killing.world import LISTENER, World


class Block:
    """What pickle takes out of band, as the data of a numpy array."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def __reduce_ex__(self, protocol: Any) -> Any:
        return Block, (PickleBuffer(self.data),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Block) and bytes(self.data) == bytes(other.data)

    __hash__ = None  # type: ignore[assignment]


def says(dest: Pid, words: list[Any]) -> None:
    for word in words:
        process.send(dest, word)


class Send(Path):
    name = "send"
    promised = "whole messages in order, or none"
    words: ClassVar[list[Any]] = ["one", ("two", 2), "three"]

    def act(self) -> Callable[[], Any]:
        return partial(says, self.world.listener, self.words)

    def is_said(self, message: Any) -> bool:
        return message in self.words

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        said = heard[1:-2]
        if heard != ["before", *self.words[: len(said)], "meanwhile", "after"]:
            yield f"the listener has heard {str(heard)[:500]}"
        if point.done and said != self.words:
            yield f"{len(self.words) - len(said)} of the messages sent were lost"


class SendLong(Send):
    name = "send-long"
    words: ClassVar[list[Any]] = [bytes(10_000), Block(bytes(300_000)), "short"]


def says_by_disk(dest: Pid, words: list[Any]) -> None:
    """The tmpfs has no room for any parcel."""
    write = parcel._write

    def full(path: str, *what: Any) -> None:
        write(path, *what)
        if "/parcels/" in path:
            os.unlink(path)
            raise OSError(errno.ENOSPC, "full")

    parcel._write = full
    says(dest, words)


class SendByDisk(SendLong):
    name = "send-by-disk"
    promised = "the same, if the tmpfs is full"

    def act(self) -> Callable[[], Any]:
        return partial(says_by_disk, self.world.listener, self.words)


class SendFull(Send):
    """The pipe is full, its owner stopped: it hears no bell, and the kernel keeps what is sent."""

    name = "send-full"
    promised = "the same, into the full pipe of one who is stopped"
    words: ClassVar[list[Any]] = ["one", bytes(10_000), "two"]

    def prepare(self) -> None:
        self._away()
        self._filling = list(_fill(self.world))

    def _away(self) -> None:
        os.kill(self.world.os_pid(self.world.listener), signal.SIGSTOP)

    def meanwhile(self) -> None:
        """Others would have to wait for a moment too."""

    def clean(self) -> None:
        os.kill(self.world.os_pid(self.world.listener), signal.SIGCONT)

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        heard.remove("after")  # what the kernel keeps of another sender may come before or after it
        many = len(self._filling) + 1
        if heard[1:many] != self._filling:
            yield "what was in the full pipe is not as it was"
        yield from super().complaints([heard[0], *heard[many:], "meanwhile", "after"], point)


def _fill(world: World) -> Iterator[bytes]:
    """Write our own frames into the listener's pipe until not even a short one has room."""
    fd = pipe.open_writer(f"{world.directory}/p/{world.listener.id}")
    assert fd is not None
    for size in (LIMIT - 100, 100, 0):
        with suppress(BlockingIOError):
            while True:
                os.write(fd, pack(MESSAGE, world.me.id, 0, dumps(bytes(size))))
                yield bytes(size)
    os.close(fd)


class SendBusy(SendFull):
    """The pipe is full, its owner busy: it hears the bell in the midst of a callback."""

    name = "send-busy"
    promised = "the same, into the full pipe of one who is busy"

    def _away(self) -> None:
        self._path = f"{self.world.scratch}/busy"
        os.mkfifo(self._path)
        process.send(self.world.listener, ("busy", self._path))
        self._release = os.open(self._path, os.O_WRONLY)  # returns when it is read

    def clean(self) -> None:
        os.close(self._release)
        os.unlink(self._path)


class Call(Path):
    name = "call"
    promised = "the request is served once, or never"
    request: Any = ("put", 1)

    def act(self) -> Callable[[], Any]:
        return partial(gen_server.call, LISTENER, self.request)

    def is_said(self, message: Any) -> bool:
        return bool(message == self.request)

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        served = heard[1:-2]
        if heard != ["before", *served, "meanwhile", "after"]:
            yield f"the listener has heard {str(heard)[:500]}"
        if served not in ([], [self.request]) or (point.done and not served):
            yield f"it has served {str(served)[:500]}"


class CallLong(Call):
    name = "call-long"
    promised = "the same; request and reply are long"
    request = ("put", bytes(20_000))


class Answerer(GenServer[Any]):
    def init(self, value: Any, /) -> Ok[Any]:
        return Ok(value)

    def handle_call(self, request: Any, caller: Any, state: Any) -> Reply[Any]:
        return Reply(state, state, then="mark")

    def handle_continue(self, then: Any, state: Any) -> NoReply[Any]:
        mark()
        return NoReply(state)


class Answer(Path):
    name = "reply"
    promised = "the caller has the reply, or hears why there is none"
    value: Any = "value"
    blocks = True

    def stage(self) -> tuple[Pid, int]:
        server = gen_server.start_link(Answerer, self.value)
        return server, self.world.os_pid(server)

    def go(self, victim: Pid) -> None:
        try:
            self.outcome = gen_server.call(victim, "get")
        except CallError as error:
            self.outcome = error

    def complaints(self, heard: list[Any], point: Point) -> Iterator[str]:
        yield from super().complaints([*heard[:1], "meanwhile", *heard[1:]], point)
        if isinstance(self.outcome, CallError):
            if self.outcome.reason not in ("killed", "noproc") or (point.done):
                yield f"the caller was told {self.outcome!r}"
        elif self.outcome != self.value:
            yield f"the caller has got {self.outcome!r}"


class AnswerLong(Answer):
    name = "reply-long"
    promised = "the same; the reply is long"
    value = bytes(20_000)


def hears(count: int) -> None:
    for _ in range(count):
        process.receive(lambda message: isinstance(message, tuple) and message[0] == "word")


class Receive(Path):
    name = "receive"
    promised = "who sends to it goes on; nothing lies about of what it was sent"
    words: ClassVar[list[Any]] = [("word", "short"), ("word", bytes(10_000)), ("word", "short")]

    def act(self) -> Callable[[], Any]:
        return partial(hears, len(self.words))

    def go(self, victim: Pid) -> None:
        super().go(victim)
        says(victim, self.words)
        self._victim = victim

    def meanwhile(self) -> None:
        super().meanwhile()
        says(self._victim, self.words)


class ReceiveFlood(Receive):
    """More than a pipe can hold: it is full when the victim dies, and the kernel keeps some."""

    name = "receive-flood"
    words: ClassVar[list[Any]] = [("word", bytes(3_900))] * 20


TALKS: list[type[Path]] = [
    Send,
    SendLong,
    SendByDisk,
    SendFull,
    SendBusy,
    Call,
    CallLong,
    Answer,
    AnswerLong,
    Receive,
    ReceiveFlood,
]
