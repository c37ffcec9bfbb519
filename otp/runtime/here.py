"""Which process am I? Every thread that uses the library is one.

A worker's main thread is the process it was started as. Any other thread (of the user's program, or
one that a server starts) is *attached* at its first use: it makes its own mailbox and asks the
kernel for a serial number. It ends as a process when the thread does, or the program, or by an
exit signal that it does not trap, which it raises as `ProcessExit` at its next call; used again
after that, it is attached as a new process.

A fork by the user (`os.fork`, `multiprocessing`) copies all this into a child that is not the
process it was. The child forgets it, and must close what it inherited: a second reader would keep
the pipe of its parent alive after the parent's death.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import weakref
from contextlib import suppress
from functools import cache
from multiprocessing.util import Finalize
from typing import Final

from otp.errors import NodeDown, ProcessExit
from otp.runtime import boot
from otp.runtime.attaching import Guest
from otp.runtime.context import Context
from otp.runtime.reasons import NORMAL, last_words, pack_reason, unpack_reason
from otp.wire.orphan import BELL

GONE: Final = (b"", 0, 0)
"""The sentence of a process that ended with its node or was left behind by a fork."""


class _Thread(threading.local):
    """What is mine alone. Its end is the thread's end: then `farewell` tells the kernel."""

    context: Context | None = None
    farewell: _Farewell | None = None


class _Farewell:
    """Dies with its thread; in a forked child all threads but one die, and that is not our end."""

    context: Context | None = None
    """Nothing is to be told before there is one."""
    _os_pid = 0

    def __init__(self) -> None:
        self._os_pid = os.getpid()

    def __del__(self) -> None:
        if self.context is None or os.getpid() != self._os_pid:
            return
        try:
            (_close if self.context.condemned == GONE else _part)(self.context)
        except Exception:  # as the interpreter ends, what this needs may be gone already
            if not sys.is_finalizing():
                raise


_thread = _Thread()
_contexts: weakref.WeakSet[Context] = weakref.WeakSet()
_lock = threading.Lock()


def current() -> Context:
    """The process that the calling thread is; attached now if it was none.

    Raises `ProcessExit` if an exit signal has ended it meanwhile.
    """
    context = _thread.context
    if context is None:
        return _attach()
    if context.condemned is not None:
        _end(context)
        return _attach()
    return context


def check(context: Context) -> None:
    """Raise what has ended this process while it was at work, if anything has.

    `ProcessExit` for an exit signal; `NodeDown` if another thread has stopped the node: to attach
    again in the middle of what was begun there would start another one.
    """
    if context.condemned is not None:
        _end(context)
        raise NodeDown


def adopt(context: Context) -> None:
    """Be this process: what a worker does when it begins."""
    _thread.context = context
    _contexts.add(context)


def ring(signum: int = BELL, frame: object = None) -> None:
    """The handler of the doorbell."""
    context = _thread.context
    if context is not None:
        context.mailbox.ring()


# ---- attaching


def _attach() -> Context:
    member = boot.ensure()
    farewell = _thread.farewell = _Farewell()
    guest = Guest(member.place)
    try:
        serial, rest = guest.enter(member.kernel, _has_bell())
        context = Context(member.place, serial, guest.mailbox, guest.kernel)
        if rest:
            context.mailbox.unread(rest)
        with _lock:
            _contexts.add(context)
        if multiprocessing.parent_process() is not None:
            _part_at_exit()
        if boot.membership() is not member:  # the node was stopped while we attached to it
            context.condemned = GONE
    except BaseException:
        guest.leave()
        raise
    _thread.context = farewell.context = context
    return context


@cache
def _part_at_exit() -> None:
    """A child of `multiprocessing` leaves by `os._exit`, which would look like a violent death."""
    Finalize(None, detach, exitpriority=0)


def _has_bell() -> bool:
    """Whether this thread can hear the doorbell: a main thread, if it does not block the signal."""
    if threading.current_thread() is not threading.main_thread():
        return False
    if BELL in signal.pthread_sigmask(signal.SIG_BLOCK, ()):
        return False
    if signal.getsignal(BELL) is signal.SIG_DFL:
        signal.signal(BELL, ring)
    return signal.getsignal(BELL) is ring


# ---- ending


def detach(reason: object = "normal") -> None:
    """End the process that the calling thread is; its next use of the library begins a new one."""
    if (context := _thread.context) is not None:
        _forget_thread()
        _part(context, pack_reason(reason))


def _end(context: Context) -> None:
    """It is condemned: end it with that reason. Raises `ProcessExit`, unless the node ended it."""
    _forget_thread()
    if context.condemned == GONE:
        _close(context)
    elif context.condemned is not None:
        reason, sender, _ = context.condemned
        _part(context, *context.condemned)
        ended = ProcessExit(unpack_reason(reason))
        ended.add_note(
            f"an exit signal of {context.opener.pid(sender)!r} has ended {context.pid!r}, which "
            "this thread was; process.trap_exit() makes such a signal an Exit message"
        )
        raise ended


def _part(context: Context, reason: bytes = NORMAL, by: int = 0, number: int = 0) -> None:
    """Tell the kernel and let go of the descriptors."""
    with suppress(NodeDown, OSError):
        last_words(context.outbox, reason, by, number)
    _close(context)


def _close(context: Context) -> None:
    if context not in _contexts:  # its numbers may be those of other descriptors by now
        return
    _contexts.discard(context)
    with suppress(OSError):
        context.outbox.close()
        os.close(context.mailbox.fd)
        os.close(context.kernel)


def _forget_thread() -> None:
    _thread.context = None
    if _thread.farewell is not None:
        _thread.farewell.context = None
        _thread.farewell = None


def _node_ended() -> None:
    """None of our threads is a process any more; each lets go of its own descriptors.

    Others may be waiting in them just now: the end of the kernel wakes them with `NodeDown`.
    """
    with _lock:
        contexts = list(_contexts)
    for context in contexts:
        context.condemned = GONE
    if (own := _thread.context) is not None:
        _forget_thread()
        _close(own)


def _forked() -> None:
    """In a forked child: its only thread is not the process that its parent is.

    1. a server forks while it handles a message, and the child goes on where the server would
    2. it waits for the next message, on numbers of descriptors that are closed, or somebody else's
    3. that looks as if the kernel were gone, and would put out the node, or never ends: so a
       mailbox that is abandoned raises `NodeDown`
    """
    global _lock
    _lock = threading.Lock()
    for context in list(_contexts):
        context.condemned = GONE
        context.mailbox.abandon()
        _close(context)
    _forget_thread()


boot.at_stop.append(_node_ended)
os.register_at_fork(after_in_child=_forked)
