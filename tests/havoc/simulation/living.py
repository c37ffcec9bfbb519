"""One process of the pretended node: its real context and mailbox, and what it is about to do.

What it does is a generator that yields what it waits for, a function that tells whether that has
come. So it can be stopped, passed over for long, or killed at every step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from pickle import dumps, loads
from typing import Any, TypeAlias

from otp.runtime.context import Context
from otp.runtime.reasons import last_words, pack_reason
from otp.terms import Pid
from otp.wire import protocol as say
from otp.wire.frame import HEAD, header, split
from tests.havoc.simulation.promises import Account, Broken, name_of
from tests.havoc.simulation.system import TO_KERNEL, OsProcess, Place, System
from tests.havoc.simulation.watching import WatchedKernel

Deed: TypeAlias = Generator[Callable[[], Any], None, Any]

_PATIENCE = 0.05  # `otp.runtime.outbox`
_NEWS = (say.EXIT, say.DOWN)
_OF_THE_KERNEL = (*_NEWS, say.ANSWER, say.KILL, say.SWEEP, say.TIMER_ASKED, say.TIMEOUT)
_USERS = (say.MESSAGE, say.ALIASED)


class Ended(BaseException):
    """It does nothing any more."""


class Street:
    """What has been sent from each to each, and who is who: what no process knows alone."""

    def __init__(self, system: System, kernel: WatchedKernel, place: Place) -> None:
        self.system, self.kernel, self.place = system, kernel, place
        self.by_serial: dict[int, Life] = {}
        self.sent: Counter[tuple[int, int]] = Counter()
        """Messages."""
        self.steps: Counter[tuple[int, int]] = Counter()
        """Messages and exit signals."""
        self.signals: dict[tuple[int, int, int], int] = {}
        """Where an exit signal (sender, receiver, number) stands among these."""

    @property
    def account(self) -> Account:
        return self.kernel.account


class Life:
    """A worker or a thread."""

    def __init__(self, name: str, street: Street, *, parent: Life | None = None) -> None:
        self.name, self.street, self.parent = name, street, parent
        self.serial = 0
        self.os: OsProcess | None = None
        self.context: Context = None  # type: ignore[assignment]
        self.module: str | None = None
        self.body: Callable[[Life], Deed] | None = None
        self.deed: Deed | None = None
        self.waits: Callable[[], Any] = bool
        self.is_stopped = self.is_leaving = self.is_over = self.is_thread = False
        self.traps = False
        """From its first instruction on."""
        self.receives = False
        """It takes its messages itself; those of the others are taken as they come."""
        self.mailbox = 0
        self.heard_of: Counter[int] = Counter()
        """Messages, by sender."""
        self._steps: Counter[int] = Counter()
        self.demonitored: set[int] = set()
        self.cancelled: set[int] = set()
        self.unaliased: set[int] = set()
        self.unlinked: set[int] = set()
        """From whom it is, by the answer that it has heard."""
        self.until: float | None = None
        """When it will have waited for long enough."""

    @property
    def is_here(self) -> bool:
        """Whether it does something when its turn comes."""
        return self.context is not None and not self.is_over

    @property
    def is_idle(self) -> bool:
        return self.is_here and self.deed is None and not self.is_leaving and not self.is_stopped

    @property
    def pid(self) -> Pid:
        return Pid(self.serial, "sim")

    # ---- its beginning and end

    def open(self, serial: int, mailbox: int) -> None:
        """It is a process from now on."""
        self.serial, self.mailbox = serial, mailbox
        street = self.street
        street.by_serial[serial] = self
        street.system._readers[mailbox].owner = self
        self.context = Context(street.place, serial, mailbox, TO_KERNEL)  # type: ignore[arg-type]
        self.context.is_thread = self.is_thread

    def begin(self) -> None:
        """A worker that was forked runs its first instructions."""
        place = self.street.place
        self.open(self.serial, self.street.system.open_mailbox(place.pipe(self.serial)))
        context = self.context
        context.die_at_once = lambda: self.leave(*(context.condemned or (b"", 0, 0)))
        if self.parent is not None:
            context.parent = Pid(self.parent.serial, "sim")
        context.trapping = self.traps
        assert self.os is not None
        context.tell(say.READY, self.module, {}, self.os.os_pid)
        if self.body is not None:
            self.do(self.body(self))

    def leave(self, reason: bytes, by: int = 0, number: int = 0) -> None:
        """Its last words; a worker has still to end."""
        last_words(self.context.outbox, reason, by, number)
        self.is_leaving, self.deed, self.until = True, None, None
        if self.is_thread:
            self.over()
        raise Ended

    def over(self) -> None:
        """Nobody reads its mailbox any more."""
        if not self.is_over:
            self.is_over, self.deed, self.until = True, None, None
            if self.mailbox:
                self.street.system.close(self.mailbox)

    # ---- its turns

    def turn(self) -> bool:
        """It hears what has come and goes on with what it does; whether anything happened."""
        if self.is_over or self.is_stopped or self.os is None:
            return False
        if self.is_leaving:
            self.os.end(0)
            return True
        try:
            if self.context is None and self.is_thread:
                return self._go_on()
            if self.context is None:
                self.begin()
                return True
            heard = self.pull()
            return self._go_on() or heard
        except Ended:
            return True

    def pull(self) -> bool:
        """The doorbell."""
        if not self.is_here or self.is_leaving or self.is_stopped:
            return False
        try:
            return self._pull()
        except Ended:
            return True

    def _pull(self) -> bool:
        mailbox = self.context.mailbox
        mailbox.fresh = False
        self.context.fire_timers()
        mailbox.pull()
        if self.context.condemned is not None and self.is_thread:
            self.leave(*self.context.condemned)
        for frame in () if self.receives else tuple(mailbox.arrived):
            mailbox.arrived.popleft()
            self.heard(frame)
        return mailbox.fresh

    def do(self, deed: Deed) -> None:
        self.deed = deed
        self._advance()

    def _go_on(self) -> bool:
        return self.deed is not None and bool(self.waits()) and self._advance()

    def _advance(self) -> bool:
        try:
            while self.deed is not None:
                self.waits = next(self.deed)
                if not self.waits():
                    break
        except StopIteration:
            self.deed = None
        return True

    # ---- what it hears

    def pulled(self, frames: list[bytes]) -> None:
        """Straight out of the pipe: the order of arrival."""
        for kind, sender, ref, payload in split(b"".join(frames))[0]:
            if kind in _OF_THE_KERNEL or (kind == say.MESSAGE and ref):
                self._in_order_of_the_kernel(kind, sender, ref)
            if kind == say.EXIT and ref:
                self._next_step(sender, self.street.signals.get((sender, self.serial, ref), 0))
            elif kind in _NEWS and sender:
                self._last_words_came(sender)
            elif kind in _USERS and not (kind == say.MESSAGE and ref):
                self._message(sender, *loads(payload)[1:])

    def _in_order_of_the_kernel(self, kind: int, sender: int, ref: int) -> None:
        owed = self.street.kernel.owed.get(self.serial)
        if not owed or owed.pop(0) != (kind, sender, ref):
            raise Broken(f"{self.name} hears {name_of(kind)} of {sender}, not what was said next")

    def _next_step(self, sender: int, step: int) -> None:
        if step and step <= self._steps[sender]:
            raise Broken(f"{self.name} hears what {sender} has sent in another order")
        self._steps[sender] = step or self._steps[sender]

    def _message(self, sender: int, step: int, number: int) -> None:
        self._next_step(sender, step)
        self.heard_of[sender] += 1
        if self.heard_of[sender] != number:
            raise Broken(f"{self.name} hears message {number} of {sender}, not the next")

    def _last_words_came(self, dead: int) -> None:
        life = self.street.by_serial.get(dead)
        if self.heard_of[dead] != self.street.sent[dead, self.serial]:
            raise Broken(f"{self.name} hears of the end of {dead}, and not of its last words")
        if life is not None and not self.street.kernel.account.ending and not life.is_over:
            raise Broken(f"{self.name} hears of the end of {dead}, which goes on")

    def heard(self, frame: Any) -> None:
        """As a message, after its own context has let it pass."""
        kind, sender, ref = frame[:3]
        account = self.street.account
        if kind == say.DOWN:
            if ref in self.demonitored:
                raise Broken(f"{self.name} hears Down {ref}, demonitored or heard before")
            self.demonitored.add(ref)
        elif kind == say.ALIASED and ref in self.unaliased:
            raise Broken(f"{self.name} hears by the alias {ref}, which is switched off")
        elif kind == say.EXIT and not ref:
            self._exit_of_a_link(sender, account)
        elif kind in (say.MESSAGE, say.TIMEOUT) and ref in self.cancelled:
            raise Broken(f"{self.name} hears of the timer {ref}, which it has cancelled")
        if self.receives or self.parent is None:
            return
        if kind == say.EXIT and sender == self.parent.serial:  # as a gen_server
            self.leave(frame[3])

    def _exit_of_a_link(self, sender: int, account: Account) -> None:
        pair = (min(sender, self.serial), max(sender, self.serial))
        since = account.unlinked.get((self.serial, sender))
        if sender in self.unlinked and not account.ending and account.links_made[pair] == since:
            raise Broken(f"{self.name} hears Exit of {sender}, from whom it is unlinked")

    # ---- what it says

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
        counts = kind in _USERS
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
            count, self.until = len(mailbox.arrived), until
            yield lambda: (
                len(mailbox.arrived) != count or (until is not None and system.now >= until)
            )
            self.until = None
