"""What one process hears, and whether it may: in which order, and nothing that it has ended."""

from __future__ import annotations

from collections import Counter
from pickle import loads
from typing import Any, Final

from otp.wire import protocol as say
from otp.wire.frame import split
from tests.havoc.simulation.facts import Broken
from tests.havoc.simulation.promises import Account
from tests.havoc.simulation.showing import name_of
from tests.havoc.simulation.street import Street

_NEWS: Final = (say.EXIT, say.DOWN)
_OF_THE_KERNEL: Final = (
    *_NEWS, say.ANSWER, say.KILL, say.SWEEP, say.TIMER_ASKED, say.TIMEOUT,
)  # fmt: skip
USERS: Final = (say.MESSAGE, say.ALIASED)


class Hearing:
    def __init__(self, name: str, street: Street) -> None:
        self.name, self.street = name, street
        self.serial = 0
        self.is_over = False
        self.heard_of: Counter[int] = Counter()
        """Messages, by sender."""
        self._steps: Counter[int] = Counter()
        self.demonitored: set[int] = set()
        self.cancelled: set[int] = set()
        self.aliases: dict[int, str] = {}
        """By tag, with the option that each was made with."""
        self.unaliased: set[int] = set()
        self.unlinked: set[int] = set()
        """From whom it is, by the answer that it has heard."""

    def pulled(self, frames: list[bytes]) -> None:
        """Straight out of the pipe: the order of arrival."""
        for kind, sender, ref, payload in split(b"".join(frames))[0]:
            if kind in _OF_THE_KERNEL or (kind == say.MESSAGE and ref):
                self._in_order_of_the_kernel(kind, sender, ref)
            if kind == say.EXIT and ref:
                self._next_step(sender, self.street.signals.get((sender, self.serial, ref), 0))
            elif kind in _NEWS and sender:
                self._last_words_came(sender)
            elif kind in USERS and not (kind == say.MESSAGE and ref):
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
            self._monitor_ended(ref)
        elif kind == say.ALIASED:
            self._by_alias(ref)
        elif kind == say.EXIT and not ref:
            self._exit_of_a_link(sender, account)
        elif kind in (say.MESSAGE, say.TIMEOUT) and ref in self.cancelled:
            raise Broken(f"{self.name} hears of the timer {ref}, which it has cancelled")

    def _by_alias(self, tag: int) -> None:
        if tag in self.unaliased:
            raise Broken(f"{self.name} hears by the alias {tag}, which is switched off")
        if self.aliases[tag] == "reply_demonitor":
            self.demonitored.add(tag)
            self.unaliased.add(tag)

    def _monitor_ended(self, tag: int) -> None:
        if self.aliases.get(tag) in ("demonitor", "reply_demonitor"):
            self.unaliased.add(tag)

    def ended_monitor(self, tag: int) -> None:
        """It has called demonitor."""
        self.demonitored.add(tag)
        self._monitor_ended(tag)

    def _exit_of_a_link(self, sender: int, account: Account) -> None:
        pair = (min(sender, self.serial), max(sender, self.serial))
        since = account.unlinked.get((self.serial, sender))
        if sender in self.unlinked and not account.ending and account.links_made[pair] == since:
            raise Broken(f"{self.name} hears Exit of {sender}, from whom it is unlinked")
