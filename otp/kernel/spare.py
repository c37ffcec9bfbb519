"""A worker that is forked before anybody asks for one.

A start takes as long as two bare forks, and most of that passes before anything is known of who is
to be started: page tables are copied, `multiprocessing` makes a child out of the copy, and each
page that it writes to is copied too. So a launcher keeps one child ready. It waits for its order in
a pipe; who asks for a process gets that one, and while it begins the next is forked.

1. it is told to go: it ends, and nobody hears of it
2. it is killed while it waits: it is reaped like any other, by a pid that the kernel knows not, and
   the order finds no reader: then the launcher forks as if there had never been a spare one
3. it is killed with its order in the pipe: it was that process already, and dies as that
4. the order is too long for a pipe to take whole: the launcher forks as before, and it waits on
5. its launcher is killed: the pipe ends, for whoever was forked later has let go of it. If the
   kernel is dead as well, it may be the last one of the node, and puts out the light
"""

from __future__ import annotations

import multiprocessing.process
import os
import signal
from collections.abc import Callable
from select import PIPE_BUF
from typing import Final, NoReturn

from otp.wire.orphan import BELL, hear_of_parent, name_process, put_out_the_light
from otp.wire.place import Place

_GO: Final = b"go"
_fork = multiprocessing.get_context("fork")


def fork(target: Callable[..., None], *args: object) -> int:
    """A child of ours that runs this, by `multiprocessing`; its OS pid. Raises `OSError`."""
    child = _fork.Process(target=target, args=args)
    child.start()
    multiprocessing.process._children.discard(child)  # type: ignore[attr-defined]  # noqa: SLF001
    assert child.pid is not None
    return child.pid


class Spare:
    """The one that is kept ready; or none."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._os_pid = 0
        self._orders = -1

    def prepare(self, let_go: Callable[[], None], begin: Callable[[bytes], None]) -> None:
        """Fork one that lets go of what is the launcher's, waits, and runs `begin` with its order.

        One that waits already, for its order was too long (4), is all that is needed. Raises
        `OSError` if there is no room for another.
        """
        if self._orders >= 0:
            return
        read, self._orders = os.pipe()
        try:
            self._os_pid = fork(self._wait, let_go, begin, read)
        except OSError:
            self.let_go()
            raise
        finally:
            os.close(read)

    def take(self, order: bytes) -> int:
        """Let it be what this order says; its OS pid, or 0 if there is none that could."""
        if self._orders < 0 or len(order) > PIPE_BUF:
            return 0
        try:
            os.write(self._orders, order)
        except BrokenPipeError:
            return 0
        else:
            return self._os_pid
        finally:
            self.let_go()

    def dismiss(self) -> None:
        """It is not needed any more."""
        self.take(_GO)

    def let_go(self) -> None:
        """In other children too: the pipe is its launcher's alone."""
        if self._orders >= 0:
            os.close(self._orders)
            self._orders = -1

    # ---- in the child

    def _wait(self, let_go: Callable[[], None], begin: Callable[[bytes], None], read: int) -> None:
        launcher = os.getppid()
        signal.pthread_sigmask(signal.SIG_BLOCK, {BELL})
        hear_of_parent()
        name_process("otp:spare")
        let_go()
        order = os.read(read, PIPE_BUF)
        if order == _GO:
            os._exit(0)
        if not order:
            self._bereaved(launcher)
        os.close(read)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {BELL})
        begin(order)

    def _bereaved(self, launcher: int) -> NoReturn:
        """Its descriptors are closed before it is dead, and then the bell rings.

        We are the kernel's then, which is about to kill us; unless it is killed first.
        """
        group = os.getpgrp()
        while os.getppid() in (launcher, group):
            signal.sigwait({BELL})
        put_out_the_light(self._place, group)
