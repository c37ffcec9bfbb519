"""The kernel process: hears, lets `otp.kernel.state` decide, acts. It waits only for news.

It is started as a program of its own by the first use of the library (`otp.runtime.boot`), forks
the first launcher while it is still empty, and ends with the program, which it watches by a pidfd.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import select
import signal
import sys
from contextlib import suppress
from time import monotonic, perf_counter
from typing import Any, Final, NoReturn

from otp.errors import shorten
from otp.kernel import acting, lives, state
from otp.kernel.acting import Acting
from otp.kernel.effects import Effect
from otp.kernel.launcher import Enter, Launcher
from otp.kernel.table import State
from otp.wire import parcel, pipe
from otp.wire.frame import Frame
from otp.wire.hearing import Hearing
from otp.wire.orphan import adopt_orphans, name_process
from otp.wire.place import Place
from otp.wire.plain import plain
from otp.wire.protocol import KERNEL, LAUNCHER, PARCEL, STOP, WARMED
from otp.wire.waiting import Spin

log = logging.getLogger("otp.kernel")

_READY: Final = b"ready"
_IGNORED_BY_PYTHON: Final = {signal.SIGPIPE, signal.SIGXFSZ}
_LONGEST: Final = 1e6  # seconds: `poll` overflows soon after


def run(order: dict[str, Any], enter: Enter) -> NoReturn:
    """Be the kernel of the node that `otp.runtime.boot` has ordered."""
    place = Place(order["root"])
    kernel = None
    try:
        mailbox, launcher = _begin(place, order, enter)
        place.lock()
        kernel = Kernel(place, mailbox, launcher, order["program"])
        kernel.wait_until_warm(order)
        kernel.serve()
    except Exception:
        if kernel is not None or os.path.exists(place.root):  # else our program has given us up
            log.exception("the kernel ends its node")
        try:
            if kernel is not None:
                kernel.end()
        finally:  # if that fails too, our death rings at the launcher, which puts out the light
            os._exit(1)
    os._exit(0)


def _begin(place: Place, order: dict[str, Any], enter: Enter) -> tuple[int, int]:
    """What must be done before anything else is open: fork the first launcher."""
    name_process("otp:kernel")
    _hear_signals()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    adopt_orphans()
    for serial in (KERNEL, LAUNCHER):
        pipe.make(place.pipe(serial))
        parcel.begin(place, serial)
    mailbox = pipe.open_mailbox(place.pipe(KERNEL))

    def first() -> None:
        launcher = Launcher(place.root, LAUNCHER, enter, order["rehearsal"])
        for fd in (mailbox, order["ready"]):
            os.close(fd)
        launcher.run(parent, order["preload"], {})

    parent = os.getpid()
    child = multiprocessing.get_context("fork").Process(target=first)
    child.start()
    assert child.pid is not None
    return mailbox, child.pid


def _hear_signals() -> None:
    """What the program blocks or ignores is its own business: we all are to hear it, or to die."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for number in signal.valid_signals() - _IGNORED_BY_PYTHON:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


class Kernel:
    """The loop: what has come, what is due, what went wrong."""

    def __init__(self, place: Place, mailbox: int, launcher: int, program: int) -> None:
        self._place = place
        self._mailbox = mailbox
        self._launcher = launcher
        self._state = State(program)
        self._hearing = Hearing(mailbox, _dropped)
        self._gone: list[int] = []
        self._spin = Spin()
        self._poll = select.epoll()
        self._poll.register(mailbox, select.EPOLLIN)
        self._acting = Acting(place, self._poll)
        self._acting.handles.watch(program)
        self._woken = self._wake_on(signal.SIGCHLD, signal.SIGTERM)

    def _wake_on(self, *signals: signal.Signals) -> int:
        """A pipe that tells which signals came."""
        woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for number in signals:
            signal.signal(number, lambda signum, frame: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._poll.register(woken, select.EPOLLIN)
        return woken

    def wait_until_warm(self, order: dict[str, Any]) -> None:
        """The first launcher has imported what was asked for: tell the program how it went."""
        while True:
            self._wait(None)
            for frame in self._frames():
                if frame[0] == WARMED:
                    _, refused, good = plain(frame[3])
                    verdict = _judge(refused, good)
                    with suppress(BrokenPipeError):  # the program has died
                        os.write(order["ready"], verdict)
                    os.close(order["ready"])
                    if verdict != _READY:
                        self._acting.end()
                        sys.exit(1)
                    self._state.warmth.warm |= set(order["preload"])
                    self._bury()  # its death is news but once, and may have come already
                    return
            self._reap()

    def serve(self) -> None:
        """Go on until nothing is left to do."""
        while not self._acting.halted:
            self.turn()
        self._acting.end()

    def turn(self) -> None:
        """Wait for news; decide and act on all of it."""
        self._wait(self._acting.soon(state.next_deadline(self._state)))
        for frame in self._frames():
            self._step(frame)
        self._bury()
        self._act(state.tick(self._state, monotonic()))
        self._act(self._acting.retry())

    def end(self) -> None:
        self._acting.end()

    def _bury(self) -> None:
        """Who is gone may have said why, and others may have watched it: that was read before.

        1. B asks to monitor A  2. A dies: its pidfd is ready, with B's request still in our pipe
        3. seen first, the death would turn B's `Down` into a "noproc", and A's last words into
        none: so the pipe is read after the pidfd, and decided on before it.
        """
        gone, self._gone = self._gone, []
        for os_pid in gone:
            self._act(lives.gone(self._state, os_pid, monotonic()))

    # ---- hearing

    def _wait(self, deadline: float | None) -> None:
        """Until something has come.

        Though there is more to read, the rest is looked at as well: with requests without end,
        nobody would hear of a death otherwise.
        """
        if self._try():
            self._look(0.0)
            return
        begin = perf_counter()
        self._look(-1.0 if deadline is None else min(max(0.0, deadline - monotonic()), _LONGEST))
        self._spin.slept(perf_counter() - begin)

    def _look(self, left: float) -> None:
        """Signals, deaths, room in pipes."""
        for fd, _ in self._poll.poll(left):
            if fd == self._woken:
                self._signals(pipe.read(self._woken))
            elif fd != self._mailbox and not self._acting.flush(fd):
                os_pid = self._acting.handles.unwatch(fd)
                if os_pid is not None:
                    self._gone.append(os_pid)

    def _try(self) -> bool:
        """Spin for a moment before going to sleep (`otp.wire.waiting`)."""
        if self._hearing.read():
            return True
        window = self._spin.window or self._spin.probe()
        if not window:
            return False
        begin, in_vain = perf_counter(), 0.0
        while in_vain <= window:
            os.sched_yield()
            read, so_far = self._hearing.read(), perf_counter() - begin
            if read:
                self._spin.hit(in_vain, so_far - in_vain)
                return True
            in_vain = so_far
        self._spin.missed(in_vain)
        return False

    def _frames(self) -> list[Frame]:
        self._hearing.read()
        return self._hearing.frames()

    def _signals(self, came: bytes) -> None:
        if signal.SIGTERM in came:
            self._step((STOP, KERNEL, 0, b"\x80\x05)."))
        self._reap()

    def _reap(self) -> None:
        """Collect adopted orphans; without its launcher the node cannot go on."""
        with suppress(ChildProcessError):
            while (os_pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                if os_pid == self._launcher:
                    self._acting.end()
                    sys.exit(1)

    # ---- deciding and acting

    def _step(self, frame: Frame) -> None:
        try:
            if frame[0] & PARCEL:
                parcel.check(frame[3], KERNEL)
                payload = self._acting.post.with_room(
                    lambda: parcel.read_bytes(self._place, frame[3])
                )
                frame = (frame[0] & ~PARCEL, frame[1], frame[2], payload)
            effects = state.step(self._state, frame, monotonic())
        except Exception as error:  # a forged request must not end the node
            log.exception("the kernel refused a request of <0.%d.0>", frame[1])
            effects = state.refuse(frame, error)
        self._act(effects)

    def _act(self, effects: list[Effect]) -> None:
        for effect in effects:
            try:
                self._acting.do(effect)
            except acting.NotDone as failed:
                self._act(lives.undo(self._state, failed.effect, failed.error))
            except Exception:  # no room for a file, no descriptor, nonsense: the rest must go on
                log.exception("the kernel could not do %s", shorten(effect))


def _dropped(size: int, why: str) -> None:
    log.error("the kernel dropped %d bytes that are no request: %s", size, why)


def _judge(refused: list[str], good: bool) -> bytes:
    if refused:
        return f"cannot import {', '.join(refused)} (preload)".encode()
    if not good:
        return b"a preloaded module starts threads; such a process must not be forked from"
    return _READY
