"""What the kernel does about what it decided: pipes, names, signals, the end."""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
from contextlib import suppress
from dataclasses import replace
from pickle import dumps
from time import monotonic
from typing import Any

from otp.kernel.effects import (
    Confirm,
    Continue,
    Discard,
    Effect,
    Expect,
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
    TurnAway,
    Unname,
    Welcome,
    answer,
)
from otp.kernel.handles import Handles
from otp.kernel.post import DIRECT, QUEUED, Post
from otp.kernel.table import stand_in
from otp.wire import parcel, pipe
from otp.wire.frame import pack
from otp.wire.place import Place, sweep
from otp.wire.protocol import ANSWER, DOWN, EXIT, FORK, KERNEL, REFUSED

_SPARE = 24  # descriptors for the kernel's own use
_SOON = 0.1  # seconds until what lacked room is tried again


class NotDone(Exception):
    """There was no pipe, room or descriptor for a new process."""

    def __init__(self, effect: Launch | Welcome, error: OSError) -> None:
        super().__init__(effect, error)
        self.effect, self.error = effect, error


class Acting:
    """The hands of the kernel: one method an effect."""

    def __init__(self, place: Place, poll: select.epoll) -> None:
        self.halted = False
        most = max(0, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE)
        self._most = most * 2 // 3
        self.post = Post(place, poll, most - self._most)
        self._place = place
        self.handles = Handles(poll, self.post.with_room)
        self._launched: set[int] = set()
        self._held: dict[int, int] = {}  # the mailboxes of workers that do not read yet
        self._later: list[Effect] = []  # what lacked room or a descriptor
        self._hands: dict[type, Any] = {
            Send: self._send, Forward: self._forward, Ring: self._ring, Kill: self._kill,
            Launch: self._launch, Welcome: self._welcome, Hold: self._hold,
            Release: self._release, Remove: self._remove, Name: self._name,
            Unname: self._unname, Halt: self._halt, TurnAway: self._turn_away,
            Continue: self._continue,
            Confirm: self._confirm,
            Expect: self._expect, Discard: self._discard,
        }  # fmt: skip

    def do(self, effect: Effect) -> None:
        self._hands[type(effect)](effect)

    # ---- what lacks room

    def soon(self, deadline: float | None) -> float | None:
        """When to act again: at the deadline, or earlier if something is to be tried again."""
        retry = monotonic() + _SOON if self._later or self.post.is_short else None
        times = (deadline, retry, self.handles.next_ring())
        return min((when for when in times if when is not None), default=None)

    def retry(self) -> list[Effect]:
        """Ring for who has not heard us; returns what lacked room and is to be tried again."""
        self.handles.ring_again(self.post.is_unread)
        for to in self.post.retry():
            self.handles.ring(to)
        later, self._later = self._later, []
        return later

    # ---- frames and signals

    def _send(self, effect: Send) -> None:
        try:
            sent = self.post.send(effect.to, effect.kind, effect.sender, effect.ref, effect.payload)
        except OSError as error:
            self._send_less(effect, error)
            return
        if sent == QUEUED:
            self.handles.ring(effect.to)

    def _send_less(self, effect: Send, error: OSError) -> None:
        """There is no room for a parcel: the news must come all the same, a message can wait."""
        if effect.kind in (EXIT, DOWN):
            self._send(
                replace(effect, payload=stand_in(effect.payload, "for which there is no room"))
            )
        elif effect.kind == ANSWER:
            self._send(replace(effect, kind=REFUSED, payload=dumps(repr(error))))
        else:
            self._later.append(effect)

    def _forward(self, effect: Forward) -> None:
        how = self.post.put(effect.to, effect.frame)
        self._send(answer(effect.asker, effect.ref, how))

    def _confirm(self, effect: Confirm) -> None:
        how = QUEUED if self.post.keeps_for(effect.about) else DIRECT
        self._send(answer(effect.asker, effect.ref, how))

    def _ring(self, effect: Ring) -> None:
        if not self._waits_for_its_handle(effect):
            self.handles.ring(effect.to)

    def _kill(self, effect: Kill) -> None:
        if not self._waits_for_its_handle(effect):
            self.handles.signal(effect.to, signal.SIGKILL)

    def _waits_for_its_handle(self, effect: Ring | Kill) -> bool:
        """Behind a handle that there was no descriptor for, its signals wait too."""
        waits = any(isinstance(late, Hold) and late.serial == effect.to for late in self._later)
        if waits:
            self._later.append(effect)
        return waits

    def flush(self, fd: int) -> bool:
        """There is room in this pipe: write what waits, and ring, for a busy process to make more.

        False if it is no pipe, or none that anything waits for.
        """
        to = self.post.flush(fd)
        if to is not None:
            self.handles.ring(to)
        return to is not None

    # ---- processes

    def _launch(self, effect: Launch) -> None:
        serial = effect.serial
        try:
            self._check_room(2)
            self._launched.add(serial)
            self._make(effect)
            sent = self.post.send(effect.launcher, FORK, KERNEL, 0, effect.order)
        except OSError as error:
            raise NotDone(effect, error) from None
        if sent == QUEUED:
            self.handles.ring(effect.launcher)
        if effect.asker != KERNEL:
            self._send(answer(effect.asker, effect.ref, ("ok", serial)))

    def _make(self, effect: Launch) -> None:
        """What a process needs before it is: mailbox, work, name."""
        path = self._place.pipe(effect.serial)
        pipe.make(path)
        self._held[effect.serial] = self.post.with_room(lambda: pipe.open_mailbox(path))
        parcel.begin(self._place, effect.serial)
        if effect.work is not None:
            parcel.forward(self._place, effect.work, effect.serial)
        if effect.name is not None:
            self._name(Name(effect.name, effect.serial))

    def _check_room(self, wanted: int) -> None:
        """A process needs a descriptor here for good, and one more until it is ready."""
        taken = len(self._launched) + len(self._held) + len(self.handles.watched)
        if taken + wanted > self._most:
            raise OSError(
                errno.EMFILE, "the kernel of the node has no descriptor left; raise ulimit -n"
            )

    def _expect(self, effect: Expect) -> None:
        with suppress(OSError):  # for want of a descriptor: it will be turned away then
            self._watch(effect.os_pid)

    def _watch(self, os_pid: int) -> None:
        if os_pid not in self.handles.watched:
            self._check_room(1)
            self.handles.watch(os_pid)

    def _welcome(self, effect: Welcome) -> None:
        try:
            self._watch(effect.os_pid)
            parcel.begin(self._place, effect.serial)
            with suppress(FileNotFoundError):  # it was killed meanwhile
                os.rename(self._door(effect.pipe), self._place.pipe(effect.serial))
        except OSError as error:
            raise NotDone(effect, error) from None
        self.handles.lives_in(effect.serial, effect.os_pid)

    def _turn_away(self, effect: TurnAway) -> None:
        refusal = pack(ANSWER, KERNEL, 0, effect.payload)
        try:
            self.post.tell_stranger(self._door(effect.pipe), refusal)
        except OSError as error:
            if not pipe.no_descriptor(error):
                raise
            self._later.append(effect)

    def _discard(self, effect: Discard) -> None:
        parcel.discard(self._door(effect.pipe))

    def _door(self, pipe: str) -> str:
        """The mailbox of one who attaches, until it has a number."""
        return f"{self._place.root}/p/{pipe}"

    def _hold(self, effect: Hold) -> None:
        if effect.serial not in self._launched:
            return
        try:
            self.handles.hold(effect.serial, effect.os_pid)
        except OSError as error:
            if not pipe.no_descriptor(error):
                raise
            self._later.append(effect)

    def _release(self, effect: Release) -> None:
        held = self._held.pop(effect.serial, None)
        if held is not None:
            os.close(held)

    def _remove(self, effect: Remove) -> None:
        self._release(Release(effect.serial))
        self.post.forget(effect.serial)
        self._launched.discard(effect.serial)
        self.handles.forget(effect.serial)
        parcel.discard(self._place.pipe(effect.serial))
        if effect.parcels:
            parcel.end(self._place, effect.serial)
            parcel.clear(self._place, KERNEL, effect.serial)

    # ---- names

    def _name(self, effect: Name) -> None:
        path = self._place.name(effect.name)
        parcel.discard(path)
        os.symlink(str(effect.serial), path)

    def _unname(self, effect: Unname) -> None:
        parcel.discard(self._place.name(effect.name))

    # ---- the end

    def _continue(self, effect: Continue) -> None:
        if (group := os.getpgrp()) == os.getpid():  # all of the node are in it
            os.killpg(group, signal.SIGCONT)

    def _halt(self, effect: Halt) -> None:
        self.halted = True

    def end(self) -> None:
        """Kill whatever is left of the node, adopted orphans too; reap it, leave no file."""
        import psutil  # only now: an idle kernel has no use for it

        killed = False
        while left := psutil.Process().children(recursive=True):
            killed = True
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            with suppress(ChildProcessError):
                os.waitpid(-1, 0)
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
        self._place.remove()
        if killed:  # perhaps with the node of a program that a worker has run: nobody else is left
            with suppress(FileNotFoundError):
                sweep(os.path.dirname(self._place.root))
