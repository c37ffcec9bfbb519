"""One process of the node as it is seen from inside: who I am, what I hear, how I speak.

The exit signals that reach a process are decided here, when they are taken out of the pipe:

    trapping               it becomes an `Exit` message, in its place among the others
    reason "normal"        nothing happens
    anything else          the process is condemned: a worker leaves at once, between two
                           instructions; an attached thread raises `ProcessExit` at its next call
    KILL                   condemned, trapping or not (only threads hear it: workers get SIGKILL)
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pickle import dumps
from time import monotonic
from typing import Any, Final, Protocol

from otp.runtime.aliasing import Aliases
from otp.runtime.mailbox import CAME, Heard, Mailbox
from otp.runtime.opening import Opener
from otp.runtime.outbox import Outbox
from otp.runtime.reasons import KILLED, NORMAL
from otp.runtime.refusing import is_sound, timer_asked
from otp.runtime.sweeping import Sweeping
from otp.terms import From, Pid, Ref
from otp.wire import parcel
from otp.wire.codec import flat
from otp.wire.deadlines import Deadlines
from otp.wire.frame import Frame
from otp.wire.place import Place
from otp.wire.plain import plain
from otp.wire.protocol import (
    ALIASED,
    ANSWER,
    DEMONITOR,
    DOWN,
    EXIT,
    KILL,
    MESSAGE,
    PARCEL,
    REFUSED,
    REPLY,
    SURVIVED,
    SWEEP,
    TIMER_ASKED,
    TIMER_LEFT,
)

_FIRED: Final = object()


class Hurry(Protocol):
    """A start that is not to keep the starter from its own end."""

    def begin(self) -> None:
        """The starter is told to end. May be called again."""

    def until(self, pid: Pid, deadline: float | None) -> float:
        """By when the process must be ready that is being started."""


class Context:
    """All that belongs to one process; used by its own thread only."""

    told_to_end = False
    """Whether an exit signal of our parent has become a message."""
    hurry: Hurry | None = None
    """What becomes of a start that we are in when we are told to end (a supervisor)."""

    def __init__(self, place: Place, serial: int, mailbox: int, kernel: int) -> None:
        self.place = place
        self.serial = serial
        self.pid = Pid(serial, place.id)
        self.kernel = kernel
        self.mailbox = Mailbox(mailbox, kernel)
        self.opener = Opener(place, self.pid)
        self.outbox = Outbox(place, serial, kernel, self.ask, self.mailbox.closed)
        self.timers: Deadlines[int, Heard] = Deadlines()
        self.trapping = False
        self.monitors: dict[int, Any] = {}
        self.aliases = Aliases(self._end_monitor)
        self.signals_sent = 0
        self.parent: Pid | None = None
        self.starter: From | None = None
        """Who waits for our acknowledgement, or has waited."""
        self.ancestors: tuple[Pid, ...] = ()
        """Our starter, its starter, ...; empty if we were not started with an acknowledgement."""
        self.sweeping = Sweeping(place, serial, self.mailbox)
        self.is_thread = True
        self.os_pid = 0
        self.condemned: tuple[bytes, int, int] | None = None
        self.die_at_once: Callable[[], None] = lambda: None
        self.new_tag: Callable[[], int] = count(1).__next__
        self.mailbox.signal = self._signal
        self.opener.refuse = self._refuse
        self.opener.with_room = self.outbox.with_room
        self._signals = self._handlers()

    def lineage(self) -> tuple[Pid, ...]:
        """The ancestors of those whom we start."""
        return (self.pid, *self.ancestors)

    def ref(self, tag: int) -> Ref:
        return Ref(tag, self.pid)

    # ---- the kernel

    def ask(self, kind: int, payload: bytes, deadline: float | None = None) -> Any:
        """Put a question to the kernel; its answer, or None if `deadline` passed before it came.

        The answer is awaited before it is asked for: the doorbell may take it out of the pipe
        before we come to wait for it, and what nobody awaits is dropped.
        """
        tag = self.new_tag()
        self.mailbox.awaited[tag] = None
        try:
            self.outbox.tell_kernel(kind, tag, payload)
            frame = self.reply(tag, deadline)
        except BaseException:
            self.forget(tag)
            raise
        return None if frame is None else self.answer_in(frame)

    def answer_in(self, frame: Frame) -> Any:
        """What the kernel says in it. Raises `ValueError` if it refused the question."""
        answer = plain(self.opener.payload(frame))
        if frame[0] & ~PARCEL == REFUSED:
            raise ValueError(f"the kernel refused the request: {answer}")
        return answer

    def question(self, kind: int, *args: Any) -> Any:
        """`ask` with plain values."""
        return self.ask(kind, dumps(args))

    def tell(self, kind: int, *args: Any) -> None:
        """Tell the kernel something that has no answer."""
        self.outbox.tell_kernel(kind, 0, dumps(args))

    def demonitor(self, tag: int) -> bool:
        """End a monitor and the alias that ends with it. Whether it was active."""
        active = self._end_monitor(tag)
        self.aliases.monitor_ended(tag)
        return active

    def _end_monitor(self, tag: int) -> bool:
        """Here first, so that a `Down` on its way is dropped, then in the kernel.

        The doorbell may take its `Down` in at any moment: so one `pop` decides who was first.
        """
        active = self.monitors.pop(tag, _FIRED) is not _FIRED
        if active:
            self.tell(DEMONITOR, tag)
        return active

    def answer(self, caller: From, value: Any) -> None:
        """Send a reply; to oneself too, which is how a server may ask itself for one later."""
        to = caller.pid.id
        if caller.pid.node != self.pid.node:
            return
        if to != self.serial:
            self.outbox.send(REPLY, to, caller.tag, value)
        else:
            self.mailbox.put((REPLY, to, caller.tag, flat(value)))

    # ---- waiting

    def reply(self, tag: int, deadline: float | None = None, sensor: int = -1) -> Frame | None:
        """The reply with this tag, awaited already; None if `deadline` passed or `sensor` died.

        Whoever is interrupted here is to `forget` the tag.

        1. the server replies and dies  2. its pipe has no reader: `sensor` wakes us  3. the reply
        already stands in our mailbox: so `awaited` is looked at last, after a `pull`. With a
        `sensor` we wait for another process, and do so no longer when we are condemned ourselves.
        """
        mailbox = self.mailbox
        awaited = mailbox.awaited
        while awaited[tag] is None:
            if mailbox.wait(deadline, sensor) != CAME:
                break
            if sensor >= 0 and self.condemned is not None:
                break
        frame = awaited[tag]
        del awaited[tag]
        return frame

    def first_of(self, one: int, other: int, deadline: float | None, starting: Pid) -> None:
        """Wait for one of two replies, awaited already; for `deadline`; or for our own end.

        What is awaited is the start of a process; who is told to end meanwhile may be in a hurry.
        """
        mailbox, awaited = self.mailbox, self.mailbox.awaited
        while awaited[one] is None and awaited[other] is None:
            if self.told_to_end and self.hurry is not None:
                deadline = self.hurry.until(starting, deadline)
            if mailbox.wait(deadline) != CAME or self.condemned is not None:
                return

    def next_due(self, deadline: float | None) -> float | None:
        """The earlier of a deadline and my next timer."""
        first = self.timers.first() if self.timers.items else None
        if first is None or deadline is None:
            return deadline if first is None else first
        return min(first, deadline)

    def timer_due(self, tag: int, *, cancels: bool) -> float | None:
        """When a timer of mine is due; None if it is over. One that is due now has fired."""
        when = self.timers.when(tag)
        if when is None or when <= monotonic():
            return None
        return self.timers.cancel(tag) if cancels else when

    def fire_timers(self) -> None:
        """Put the messages of timers that are due behind all that has come before them."""
        now = monotonic()
        if (first := self.timers.first()) is not None and first <= now:
            self.mailbox.pull()
            self.timers.move(now, self.mailbox.arrived)

    # ---- signals: each returns what is to be heard as a message, or None. One whose handling was
    # interrupted (`otp.runtime.mailbox`) is handled again: so nothing is forgotten but at the end

    def _handlers(self) -> dict[int, Callable[[Frame], Heard | None]]:
        return {
            DOWN: self._down, EXIT: self._exit, KILL: self._kill, SWEEP: self.sweeping.note,
            ALIASED: self._aliased, REPLY: self._aliased, REFUSED: self._aliased,
            ANSWER: self.drop, MESSAGE: lambda frame: frame, TIMER_ASKED: self._timer_asked,
        }  # fmt: skip

    def _signal(self, frame: Frame) -> Heard | None:
        handler = self._signals.get(frame[0] & ~PARCEL)
        sound = is_sound(frame, self.pid, known=handler is not None)
        return handler(frame) if handler and sound else None

    def _down(self, frame: Frame) -> Heard | None:
        tag = frame[2]
        if tag not in self.monitors:  # demonitored: nothing of it is heard any more
            self.drop(frame)
            return None
        self.aliases.monitor_ended(tag)
        name, awaited = self.monitors[tag], self.mailbox.awaited
        heard: Heard | None = frame if name is None else (*frame, name)
        if tag in awaited:  # somebody waits for just this, or for a reply before it
            awaited[tag] = awaited[tag] or frame
            heard = None
        del self.monitors[tag]
        return heard

    def _aliased(self, frame: Frame) -> Heard | None:
        """A message by an alias, or the reply to a request that was sent by one."""
        if self.aliases.admits(frame[2]):
            return frame
        self.drop(frame)
        return None

    def _timer_asked(self, frame: Frame) -> None:
        """Another process cancels or reads a timer that I keep for myself."""
        if (asked := timer_asked(frame, self.pid)) is not None:
            tag, cancels = asked
            self.tell(TIMER_LEFT, frame[1], frame[2], self.timer_due(tag, cancels=cancels))

    def _exit(self, frame: Frame) -> Heard | None:
        _, sender, number, payload = frame
        if not self.trapping and payload != NORMAL:
            self._condemn(self.opener.reason_in(frame), sender, number)
            return None
        if number or payload != NORMAL:
            self.outbox.tell_kernel(SURVIVED, 0, dumps((sender, number)))
        if self.trapping and self.parent is not None and sender == self.parent.id:
            self.told_to_end = True
            if self.hurry is not None:
                self.hurry.begin()
        return frame if self.trapping else None

    def _kill(self, frame: Frame) -> None:
        self._condemn(KILLED, frame[1], frame[2])

    def _condemn(self, reason: bytes, sender: int, number: int) -> None:
        if self.condemned is None:
            self.condemned = (reason, sender, number)
        self.die_at_once()

    def forget(self, tag: int) -> None:
        """Await this reply no longer; one that has come is dropped."""
        if (frame := self.mailbox.awaited.pop(tag, None)) is not None:
            self.drop(frame)

    def drop(self, frame: Frame) -> None:
        """Nobody will open this: its parcel goes, if it has one that is still there."""
        if frame[0] & PARCEL and parcel.is_for(frame[3], self.serial):
            parcel.discard(parcel.path_of(self.place, frame[3]))

    def _refuse(self, caller: From, reason: Any) -> None:
        self.outbox.send(REFUSED, caller.pid.id, caller.tag, reason)
