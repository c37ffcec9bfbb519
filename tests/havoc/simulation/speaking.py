"""What one process says: to the kernel, to others, and how it waits for a message."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from pickle import dumps
from typing import Any, TypeAlias

from otp.runtime.context import Context
from otp.runtime.reasons import pack_reason
from otp.wire import protocol as say
from otp.wire.frame import HEAD, header
from tests.havoc.simulation.hearing import USERS, Hearing

Deed: TypeAlias = Generator[Callable[[], Any], None, Any]
"""What is done step by step; it yields what it waits for, which tells whether that has come."""

_PATIENCE = 0.05  # `otp.runtime.outbox`


class Speaking(Hearing):
    context: Context = None  # type: ignore[assignment]
    until: float | None = None
    """When it will have waited for long enough."""

    def ask(self, kind: int, *args: Any) -> Deed:
        """A question to the kernel."""
        return (yield from self.ask_raw(kind, dumps(args)))

    def ask_raw(self, kind: int, payload: bytes) -> Deed:
        context = self.context
        tag, awaited = context.new_tag(), context.mailbox.awaited
        awaited[tag] = None
        context.outbox.tell_kernel(kind, tag, payload)
        while (frame := awaited[tag]) is None:
            yield lambda: awaited[tag]
        del awaited[tag]
        return context.answer_in(frame)

    def send(self, to: int, kind: int = say.MESSAGE, ref: int = 0, value: Any = None) -> Deed:
        """As `Outbox.send`, where the schedule says how long a full pipe stays full."""
        street, key = self.street, (self.serial, to)
        if value is None:
            value = ("m", street.steps[key] + 1, street.sent[key] + 1)
        payload = dumps(value)
        frame = header(HEAD + len(payload), say.VERSION, kind, self.serial, ref) + payload
        fd = self.context.outbox.pipe_to(to)
        if fd < 0:
            return
        counts = kind in USERS
        if to in self.context.outbox._detours:
            yield from self._detour(to, frame, counts)
        elif not self._written(fd, to, frame, counts):
            yield from self._wait_for_room(fd, to, frame, counts)

    def _written(self, fd: int, to: int, frame: bytes, counts: bool) -> bool:
        """Whether it went in, or nobody is there."""
        try:
            self.street.system.write(fd, frame)
        except BlockingIOError:
            return False
        except BrokenPipeError:
            self.context.outbox.forget(to)
            return True
        self._count(to, counts)
        return True

    def _count(self, to: int, counts: bool) -> None:
        self.street.steps[self.serial, to] += counts
        self.street.sent[self.serial, to] += counts

    def _wait_for_room(self, fd: int, to: int, frame: bytes, counts: bool) -> Deed:
        system, outbox = self.street.system, self.context.outbox
        answer = yield from self.ask_raw(say.RING, to.to_bytes(4, "little"))
        deadline = system.now + _PATIENCE
        if answer == "rung":
            self.until = deadline
            yield lambda: system.has_room(fd) or system.now >= deadline
            self.until = None
            if self._written(fd, to, frame, counts):
                return
        if answer == "dead":
            outbox.forget(to)
        else:
            yield from self._detour(to, frame, counts)

    def _detour(self, to: int, frame: bytes, counts: bool) -> Deed:
        outbox = self.context.outbox
        outbox._detours.add(to)
        self._count(to, counts)
        answer = yield from self.ask_raw(say.DELIVER, to.to_bytes(4, "little") + frame)
        if answer != "queued":
            outbox._detours.discard(to)

    def signal(self, target: int, reason: Any) -> Deed:
        """exit/2."""
        context, key = self.context, (self.serial, target)
        context.signals_sent += 1
        number, kill = context.signals_sent, reason == "kill"
        self.street.steps[key] += 1
        self.street.signals[self.serial, target, number] = self.street.steps[key]
        how = yield from self.ask(say.SIGNAL, target, pack_reason(reason), kill, number)
        if how == "queued":
            context.outbox.take_detour(target)

    def receive(self, match: Callable[[Any], Any], until: float | None = None) -> Deed:
        """The first message that is wanted; None if it is `until`. Of one with a body."""
        system, mailbox = self.street.system, self.context.mailbox
        while True:
            for frame in list(mailbox.arrived):
                message = self.context.opener.open(frame)
                if match(message):
                    mailbox.arrived.remove(frame)
                    self.heard(frame)
                    return message
            if until is not None and system.now >= until:
                return None
            self.until = until
            yield partial(self._came, len(mailbox.arrived), until)
            self.until = None

    def _came(self, before: int, until: float | None) -> bool:
        now, arrived = self.street.system.now, self.context.mailbox.arrived
        return len(arrived) != before or (until is not None and now >= until)
