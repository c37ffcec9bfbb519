"""What the kernel does about what it decided: pipes, names, signals, the end."""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
from contextlib import suppress
from typing import Any

from otp.kernel.effects import (
    Effect,
    Forward,
    Halt,
    Hold,
    Kill,
    Launch,
    Name,
    Release,
    Remove,
    Ring,
    Send,
    Unname,
    Welcome,
    answer,
)
from otp.kernel.post import QUEUED, Post
from otp.kernel.table import Question
from otp.wire import parcel, pipe
from otp.wire.orphan import BELL
from otp.wire.place import Place
from otp.wire.protocol import FORK, KERNEL, SWEEP

_SPARE = 32  # descriptors for the kernel's own use


class NotLaunched(Exception):
    """There was no pipe or descriptor for a new process."""

    def __init__(self, serial: int, question: Question, error: OSError) -> None:
        super().__init__(serial, question, error)
        self.serial, self.question, self.error = serial, question, error


class Acting:
    """The hands of the kernel: one method an effect."""

    def __init__(self, place: Place, poll: select.epoll) -> None:
        self.halted = False
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE
        self._most = most * 2 // 3
        self.post = Post(place, poll, most - self._most)
        self._place = place
        self._poll = poll
        self._held: dict[int, int] = {}  # the mailboxes of workers that do not read yet
        self._handles: dict[int, int] = {}  # pidfds, by serial number
        self._watched: dict[int, int] = {}  # OS process to its pidfd
        self._os_pids: dict[int, int] = {}  # and back
        self._hands: dict[type, Any] = {
            Send: self._send, Forward: self._forward, Ring: self._ring, Kill: self._kill,
            Launch: self._launch, Welcome: self._welcome, Hold: self._hold,
            Release: self._release, Remove: self._remove, Name: self._name,
            Unname: self._unname, Halt: self._halt,
        }  # fmt: skip

    def do(self, effect: Effect) -> None:
        self._hands[type(effect)](effect)

    # ---- frames and signals

    def _send(self, effect: Send) -> None:
        sent = self.post.send(effect.to, effect.kind, effect.sender, effect.ref, effect.payload)
        if sent == QUEUED:
            self._signal(effect.to, BELL)

    def _forward(self, effect: Forward) -> None:
        how = self.post.put(effect.to, effect.frame)
        self._send(answer(effect.asker, effect.ref, how))

    def _ring(self, effect: Ring) -> None:
        self._signal(effect.to, BELL)

    def flush(self, fd: int) -> bool:
        """There is room in this pipe: write what waits, and ring, for a busy process to make more.

        False if it is no pipe, or none that anything waits for.
        """
        to = self.post.flush(fd)
        if to is not None:
            self._signal(to, BELL)
        return to is not None

    def _kill(self, effect: Kill) -> None:
        self._signal(effect.to, signal.SIGKILL)

    def _signal(self, serial: int, number: signal.Signals) -> None:
        handle = self._handles.get(serial)
        if handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)

    # ---- processes

    def _launch(self, effect: Launch) -> None:
        try:
            self._check_room()
            path = self._place.pipe(effect.serial)
            pipe.make(path)
            self._held[effect.serial] = pipe.open_mailbox(path)
        except OSError as error:
            self._remove(Remove(effect.serial))
            raise NotLaunched(effect.serial, Question(effect.asker, effect.ref), error) from None
        if effect.name is not None:
            self._name(Name(effect.name, effect.serial))
        self._send(Send(effect.launcher, FORK, KERNEL, 0, effect.order))
        if effect.asker != KERNEL:
            self._send(answer(effect.asker, effect.ref, ("ok", effect.serial)))

    def _check_room(self) -> None:
        """A process needs two descriptors here for good; keep some for everything else."""
        if len(self._handles) + len(self._held) >= self._most:
            raise OSError(errno.EMFILE, f"{self._most} processes are all that ulimit -n allows")

    def _welcome(self, effect: Welcome) -> None:
        with suppress(FileNotFoundError):  # it was killed meanwhile
            os.rename(f"{self._place.root}/p/{effect.pipe}", self._place.pipe(effect.serial))
        self.watch(effect.os_pid)
        with suppress(OSError):
            self._handles[effect.serial] = os.dup(self._watched[effect.os_pid])

    def watch(self, os_pid: int) -> None:
        """Hear of the end of an OS process that is not our descendant."""
        if os_pid in self._watched:
            return
        try:
            pidfd = os.pidfd_open(os_pid)
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

    def _hold(self, effect: Hold) -> None:
        with suppress(ProcessLookupError):  # reaped already: the news of it is on its way
            self._handles[effect.serial] = os.pidfd_open(effect.os_pid)

    def _release(self, effect: Release) -> None:
        held = self._held.pop(effect.serial, None)
        if held is not None:
            os.close(held)

    def _remove(self, effect: Remove) -> None:
        self._release(Release(effect.serial))
        self.post.forget(effect.serial)
        handle = self._handles.pop(effect.serial, None)
        if handle is not None:
            os.close(handle)
        parcel.discard(self._place.pipe(effect.serial))
        if effect.work is not None:
            parcel.discard(parcel.path_of(self._place, effect.work))
        self._sweep(effect.serial)

    def _sweep(self, dead: int) -> None:
        """Parcels to the dead go; who has some from it is told to look through them."""
        sent_to = set()
        for to, sender, path in parcel.lying(self._place):
            if to == dead:
                parcel.discard(path)
            elif sender == dead and to > 1:
                sent_to.add(to)
        for to in sent_to:
            self._send(Send(to, SWEEP, dead, 0))

    # ---- names

    def _name(self, effect: Name) -> None:
        path = self._place.name(effect.name)
        parcel.discard(path)
        os.symlink(str(effect.serial), path)

    def _unname(self, effect: Unname) -> None:
        parcel.discard(self._place.name(effect.name))

    # ---- the end

    def _halt(self, effect: Halt) -> None:
        self.halted = True

    def end(self) -> None:
        """Kill whatever is left of the node, adopted orphans too; reap it, leave no file."""
        import psutil  # only now: an idle kernel has no use for it

        while left := psutil.Process().children(recursive=True):
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            with suppress(ChildProcessError):
                os.waitpid(-1, 0)
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
        self._place.remove()
