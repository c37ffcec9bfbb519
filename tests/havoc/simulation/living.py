"""One process of the pretended node: its real context and mailbox, and what it is about to do.

What it does is a generator that yields what it waits for. So it can be stopped, passed over for
long, or killed at every step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from otp.runtime.context import Context
from otp.runtime.reasons import last_words
from otp.terms import Pid
from otp.wire import protocol as say
from tests.havoc.simulation.speaking import Deed, Speaking
from tests.havoc.simulation.street import Street
from tests.havoc.simulation.system import TO_KERNEL, OsProcess


class Ended(BaseException):
    """It does nothing any more."""


class Life(Speaking):
    """A worker or a thread."""

    def __init__(self, name: str, street: Street, *, parent: Life | None = None) -> None:
        super().__init__(name, street)
        self.parent = parent
        self.os: OsProcess | None = None
        self.module: str | None = None
        self.body: Callable[[Life], Deed] | None = None
        self.deed: Deed | None = None
        self.waits: Callable[[], Any] = bool
        self.is_stopped = self.is_leaving = self.is_thread = False
        self.is_deaf = False
        """It hears nothing and does nothing, for good."""
        self.traps = False
        """From its first instruction on."""
        self.receives = False
        """It takes its messages itself; those of the others are taken as they come."""
        self.mailbox = 0

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
        self._pipe = street.system.reader(mailbox)
        self._pipe.owner = self
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
        if self.is_over or self.is_stopped or self.is_deaf or self.os is None or self._sleeps():
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

    def _sleeps(self) -> bool:
        """Nothing has come, and nothing was waited for that could have come otherwise."""
        context = self.context
        return (
            context is not None
            and not self.is_leaving
            and not self._pipe.frames
            and not context.timers.items
            and context.condemned is None
            and (self.deed is None or not self.waits())
        )

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

    def heard(self, frame: Any) -> None:
        """It ends with its parent, as a gen_server does that traps exits."""
        super().heard(frame)
        if self.receives or self.parent is None:
            return
        if frame[0] == say.EXIT and frame[1] == self.parent.serial:
            self.leave(frame[3])
