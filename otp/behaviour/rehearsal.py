"""The life of a server, played through in a launcher before it forks any.

What the interpreter does only the first time, it does here, for all who come after: the attributes
of our classes get their places, bytecode its specialised form, methods their cache entries. A
process that is forked then has that in memory it shares; else it would write it into copies of its
own. (Measured on Python 3.11: 80 page faults and 0.27 MB less a process, for a few milliseconds
once a launcher.)

The rest of what an idle server has for itself, 2.3 MB, are objects whose reference counts change
when they are used. These are some 900, of 180 kB in all (150 functions, their code, 150 strings, 60
dicts, 36 classes), but they lie scattered over 10 MB, so each brings a page of 4 kB along: about
0.9 MB until `os.fork` and its hooks are through, 0.4 in `multiprocessing`, 0.6 while the process
becomes one of the node, 0.4 in its loop. Objects cannot be moved together.

1. a mailbox, a client and a kernel are made of pipes; two calls and a cast stand in the mailbox
2. the server begins as any other, serves them, finds nothing more to do and stops
3. the process is a launcher again: nobody, a member of no node, with the bell that it had

Nobody outside sees any of this: the numbers of the two are none that a kernel gives. They are the
same for every launcher, so only one may play at a time: the one that is being built.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pickle import dumps
from typing import Any, Final

from otp.behaviour import serving
from otp.behaviour.callbacks import GenServer
from otp.behaviour.results import NoReply, Ok, Reply, Stop
from otp.errors import ProcessExit
from otp.runtime import boot, entry, starting
from otp.terms import From, Pid
from otp.wire import pipe
from otp.wire.frame import pack
from otp.wire.orphan import BELL
from otp.wire.place import Place
from otp.wire.protocol import CALL, CAST

_SERVER, _CLIENT = 2**32 - 1, 2**32 - 2
_SCENE: Final = b"".join([
    pack(CALL, _CLIENT, 2, dumps("first")), pack(CALL, _CLIENT, 3, dumps("second")),
    pack(CAST, _CLIENT, 0, dumps("last")),
])  # fmt: skip
_TIMES: Final = 10  # the interpreter specialises what has run eight times


class Understudy(GenServer[None]):
    """Answers, and stops when there is nothing to hear: it never waits."""

    def init(self, arg: None) -> Ok[None]:
        return Ok(None, timeout=0.0)

    def handle_call(self, request: Any, caller: From, state: None) -> Reply[None]:
        return Reply(request, None, timeout=0.0)

    def handle_cast(self, request: Any, state: None) -> NoReply[None]:
        return NoReply(None, timeout=0.0)

    def handle_info(self, message: Any, state: None) -> Stop[None]:
        return Stop("normal", None)


def play(root: str) -> None:
    """Live and stop a few times. Raises `OSError` if there is no room for a pipe."""
    place, bell = Place(root), signal.getsignal(BELL)
    try:
        for _ in range(_TIMES):
            with _mailbox(place, _SERVER) as server, _mailbox(place, _CLIENT), _kernel() as kernel:
                os.write(server, _SCENE)
                _live(place, kernel)
    finally:
        signal.signal(BELL, bell)


def _live(place: Place, kernel: int) -> None:
    client = From(Pid(_CLIENT, place.id), 1)
    part = ((), serving.begin, client, None, Understudy, None, False, None)
    order: dict[str, Any] = {
        "surroundings": {}, "stale": [], "module": None, "in_parcel": False,
        "work": dumps((starting.begin, part, {})),
    }  # fmt: skip
    context = entry.become(place, _SERVER, os.dup(kernel), os.getppid(), _CLIENT)
    try:
        with suppress(ProcessExit):
            entry.live(context, order)
    finally:
        boot.stop()


@contextmanager
def _mailbox(place: Place, serial: int) -> Iterator[int]:
    path = place.pipe(serial)
    with suppress(FileExistsError):  # another launcher has died in the midst of this
        pipe.make(path)
    fd = pipe.open_mailbox(path)
    try:
        yield fd
    finally:
        os.close(fd)
        os.unlink(path)


@contextmanager
def _kernel() -> Iterator[int]:
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield write
    finally:
        os.close(read)
        os.close(write)
