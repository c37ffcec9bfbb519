"""What is known of a process, from what was asked and from how it ended."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from otp.kernel.table import NOPROC
from otp.terms import ExitStatus, Signal
from otp.wire.codec import flat


class Broken(BaseException):
    """A promise is broken. No error, so that what is under test does not catch it."""


class Verdict(NamedTuple):
    reason: bytes
    by: int = 0
    number: int = 0

    def as_told_to(self, who: int, sent: int) -> bytes:
        """`sent`: the last exit signal it had sent to the dead when it began to watch."""
        return NOPROC if who == self.by and 0 < self.number <= sent else self.reason


class Known:
    """A process, as far as the requests tell."""

    __slots__ = (
        "attached", "kill", "limit", "os_pid", "parent", "told_to_end", "unheard", "until", "words",
    )  # fmt: skip

    def __init__(self, parent: int, *, os_pid: int = 0, attached: bool = False) -> None:
        self.parent, self.os_pid, self.attached = parent, os_pid, attached
        self.words: Verdict | None = None
        self.kill: Verdict | None = None
        self.told_to_end = False
        self.unheard: set[tuple[int, int]] = set()
        """Exit signals that it has not survived yet."""
        self.until = 0.0
        """How long a kill may wait for these to be heard."""
        self.limit = inf
        """When it must have ended after its last words."""

    def verdict(self, otherwise: bytes) -> Verdict:
        return self.words or self.kill or Verdict(otherwise)

    def may_be_killed(self, now: float) -> bool:
        """Somebody has asked for it, and it has had the time to hear of an earlier signal."""
        if now >= self.limit:
            return True
        if self.kill is None:
            return False
        waits = any(sender == self.kill.by for sender, _ in self.unheard)
        return not waits or now >= self.until

    def must_be_dead(self, now: float) -> bool:
        """It had its time to leave, or to hear of something earlier than its kill."""
        if self.attached or not self.os_pid:
            return False
        return now >= (self.until if self.kill is not None else self.limit)


def told_by(status: int) -> bytes:
    if status >= 0:
        return flat(ExitStatus(status))
    names = {9: "killed", 11: Signal("SIGSEGV")}
    return flat(names[-status])
