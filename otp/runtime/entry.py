"""How a worker begins and ends: the first and the last thing that runs in it.

It was forked by a launcher, so it starts with everything imported and nothing open. It ends with
`os._exit`: what runs at a normal interpreter exit (``atexit``, threads joined) belongs to the
launcher it was copied from, and a dying process runs no more code. Its reason goes to the kernel
first, which believes it once the process is reaped.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from typing import Any, NoReturn

from otp.errors import ProcessExit
from otp.runtime import boot, here, surroundings
from otp.runtime.context import Context
from otp.runtime.reasons import NORMAL, last_words, pack_reason, reason_of
from otp.terms import Crash, Pid
from otp.wire import parcel, pipe
from otp.wire.codec import decode
from otp.wire.orphan import BELL, hear_of_parent, name_process, put_out_the_light
from otp.wire.place import Place
from otp.wire.protocol import READY

log = logging.getLogger("otp.process")

surroundings.remember()  # before the first fork, by the launcher, for all who come after


def enter(root: str, serial: int, kernel: int, launcher: int, order: dict[str, Any]) -> NoReturn:
    """Be the process that was ordered (`otp.kernel.lives.spawn`): run its function, then leave."""
    name_process(f"otp:{order['label']}")
    context = become(Place(root), serial, kernel, launcher, order["parent"])
    try:
        live(context, order)
    except BaseException as raised:
        reason = reason_of(raised)
        try:
            if isinstance(reason, Crash) and not isinstance(raised, ProcessExit):
                _report(context, order["label"], reason)
        finally:  # whatever a log does to us, the others are to know why we end
            leave(context, pack_reason(reason))
    leave(context, NORMAL)


def live(context: Context, order: dict[str, Any]) -> None:
    """All between the beginning and the end."""
    surroundings.take_on(order["surroundings"])
    _reseed()
    for stale in order["stale"]:
        sys.modules.pop(stale, None)
    function, args, kwargs = _load(context, order)
    function(*args, **kwargs)


def _report(context: Context, label: str, crash: Crash) -> None:
    log.error("process %r (%s) crashed\n%s", context.pid, label, crash.traceback)


def become(place: Place, serial: int, kernel: int, launcher: int, parent: int) -> Context:
    """Be this process of the node.

    `kernel` is the write end of the kernel's pipe, inherited; `launcher` the OS process that we
    were forked by, and `parent` who asked for us.
    """
    try:
        mailbox = pipe.open_mailbox(place.pipe(serial))
    except FileNotFoundError:  # the node's directory was removed by somebody
        os._exit(1)
    context = Context(place, serial, mailbox, kernel)
    context.parent = Pid(parent, place.id)
    context.is_thread = False
    context.os_pid = os.getpid()
    group = os.getpgrp()
    context.mailbox.node_is_gone = lambda: put_out_the_light(place, group)
    context.die_at_once = lambda: leave(context, *(context.condemned or (NORMAL, 0, 0)))
    another = pipe.duplicate(kernel)  # a forked child closes the context's and attaches by this one
    boot.join(boot.Membership(place, another, place.id, 0))
    here.adopt(context)
    _hang_bell(place, launcher)
    return context


def _hang_bell(place: Place, launcher: int) -> None:
    """Hear the doorbell, which also rings when the launcher has died and the node with it."""
    me, group = os.getpid(), os.getpgrp()
    parents = (launcher, group)  # the kernel leads the group

    def bell(signum: int, frame: object) -> None:
        if os.getpid() == me and os.getppid() not in parents:
            put_out_the_light(place, group)
        here.ring()

    signal.signal(BELL, bell)
    hear_of_parent()
    if os.getppid() not in parents:  # it died before we had asked to hear of it
        put_out_the_light(place, group)
    here.ring()  # what came before we could hear it


def _reseed() -> None:
    """A module in shared pages brings its random numbers along; Python re-seeds its own itself."""
    if (random := sys.modules.get("numpy.random")) is not None:
        random.seed()


def _load(context: Context, order: dict[str, Any]) -> Any:
    """Unpickle what to run. A module that had to be imported for it is reported as cold."""
    module = order["module"]
    cold = module is not None and module not in sys.modules
    if order["in_parcel"]:
        data, buffers, _ = parcel.open_parcel(context.place, order["work"])
        work = decode(data, buffers)
    else:
        work = decode(order["work"])
    report = module if cold and module in sys.modules else None
    context.tell(READY, report, order["surroundings"], os.getpid())
    return work


def leave(context: Context, reason: bytes, by: int = 0, number: int = 0) -> NoReturn:
    """End this OS process now; the kernel will know the reason.

    A child that user code has forked may be unwound to here as well: it is not this process.
    """
    if os.getpid() != context.os_pid:
        os._exit(0 if reason == NORMAL else 1)
    status = 1
    try:
        last_words(context.outbox, reason, by, number)  # first: who reads our output may be stuck
        status = 0
        for child in multiprocessing.active_children():
            child.terminate()
        _flush()
    finally:
        os._exit(status)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(
            Exception
        ):  # closed, broken, or interrupted by the bell in a flush of its own
            stream.flush()
