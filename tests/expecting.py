"""How a test waits: for news, never for time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from types import FrameType
from typing import Any, NoReturn

import pytest

from otp import process
from otp.terms import Down, Ref


def expect(match: Any = None, within: float = 5.0) -> Any:
    """The next message that matches: a function of it, a class, or a value that it is equal to.

    `within` is how many seconds until the test counts as failed, not how long anyone waits.
    """
    __tracebackhide__ = True
    wanted = match if match is None or callable(match) else lambda message: message == match
    with suppress(TimeoutError):
        return process.receive(wanted, timeout=within)
    pytest.fail(f"no message {match!r} within {within} s; the mailbox holds {flush()!r}")


def expect_down(ref: Ref, within: float = 5.0) -> Any:
    """The reason in the `Down` of this monitor.

    Monitor first, then do what the process is to die of: one that is dead already has "noproc".
    """
    __tracebackhide__ = True
    news: Down = expect(lambda message: isinstance(message, Down) and message.ref == ref, within)
    return news.reason


def expect_nothing() -> None:
    """All that has been sent to this process so far was received.

    Who sent something before has finished writing it; the kernel answers in the order in which it
    is told, so that news which it owes us stand in our mailbox before this answer.
    """
    __tracebackhide__ = True
    process.info(process.self())
    if left := flush():
        pytest.fail(f"the mailbox holds {left!r}")


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Fail what is stuck inside the library, where no other limit reaches.

    The alarm interrupts whatever the main thread waits for. An outer limit runs on meanwhile, and
    strikes at the end of this one if it is over by then.
    """

    def over(signum: int, frame: FrameType | None) -> NoReturn:
        pytest.fail(f"not done within {seconds} s")

    begin = monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)  # the outer one must not call our handler
    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(1e-6, left - (monotonic() - begin)))


def flush() -> list[Any]:
    """Take all messages out of the mailbox."""
    messages = []
    while True:
        try:
            messages.append(process.receive(timeout=0))
        except TimeoutError:
            return messages
