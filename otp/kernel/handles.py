"""The kernel's hold on OS processes: a pidfd each, for signals and for the news of a death.

A pidfd means one process for ever; a number would mean another one as soon as it is given again.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Protocol, TypeVar

from otp.kernel.bells import Bells
from otp.wire.orphan import BELL

T = TypeVar("T")


class WithRoom(Protocol):
    """Does something that takes a descriptor; makes room for it if need be (`otp.kernel.post`)."""

    def __call__(self, act: Callable[[], T], /) -> T: ...


class Handles:
    """Workers have one each, by serial number; threads share that of their OS process."""

    def __init__(self, poll: select.epoll, with_room: WithRoom) -> None:
        self._poll = poll
        self._with_room = with_room
        self._workers: dict[int, int] = {}
        self._homes: dict[int, int] = {}  # the OS processes of threads
        self._watched: dict[int, int] = {}  # OS process to its pidfd
        self._os_pids: dict[int, int] = {}  # and back
        self._bells = Bells()

    # ---- whose

    def hold(self, serial: int, os_pid: int) -> None:
        """A worker. Raises `OSError` if there is no descriptor for it."""
        with suppress(ProcessLookupError):  # reaped already: the news of it is on its way
            self._workers[serial] = self._with_room(lambda: os.pidfd_open(os_pid))

    def lives_in(self, serial: int, os_pid: int) -> None:
        """A thread, in an OS process that is watched."""
        self._homes[serial] = os_pid

    def forget(self, serial: int) -> None:
        """It is dead."""
        self._bells.heard(serial)
        self._homes.pop(serial, None)
        handle = self._workers.pop(serial, None)
        if handle is not None:
            os.close(handle)

    # ---- the end of those who are not our descendants

    @property
    def watched(self) -> list[int]:
        """The OS processes."""
        return list(self._watched)

    def watch(self, os_pid: int) -> None:
        """Hear of the end of an OS process that is not our descendant."""
        try:
            pidfd = self._with_room(lambda: os.pidfd_open(os_pid))
        except ProcessLookupError:
            pidfd, write = os.pipe()  # readable at once, as the pidfd would be
            os.close(write)
        self._watched[os_pid] = pidfd
        self._os_pids[pidfd] = os_pid
        self._poll.register(pidfd, select.EPOLLIN)

    def unwatch(self, pidfd: int) -> int | None:
        """It has ended; return which it was. None if this is the late news of something else."""
        os_pid = self._os_pids.pop(pidfd, None)
        if os_pid is None:
            return None
        del self._watched[os_pid]
        self._poll.unregister(pidfd)
        os.close(pidfd)
        return os_pid

    # ---- signals

    def signal(self, serial: int, number: signal.Signals) -> None:
        """Send a signal; nobody is there any more, if it is too late."""
        handle = self._workers.get(serial)
        if handle is None and serial in self._homes:
            handle = self._watched.get(self._homes[serial])
        if handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)

    def ring(self, serial: int) -> None:
        """Ring the doorbell, and see later whether it was heard."""
        self.signal(serial, BELL)
        self._bells.rung(serial, monotonic())

    def ring_again(self, is_unread: Callable[[int], bool]) -> None:
        """Ring for those whose pipe is still unread."""
        for serial in self._bells.due(monotonic()):
            if is_unread(serial):
                self.signal(serial, BELL)
            else:
                self._bells.heard(serial)

    def next_ring(self) -> float | None:
        """When `ring_again` will have something to do."""
        return self._bells.next()
