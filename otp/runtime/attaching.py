"""How a thread becomes a process: it makes a mailbox and asks the kernel for a serial number.

A signal handler that raises meanwhile (Ctrl-C, an alarm) must leave nothing behind:

1. the kernel has written the number of a new process into the mailbox  2. the handler raises before
we have read it  3. nobody would ever tell the kernel that this process is over
4. so what is opened, asked and read is noted where no handler runs (`otp.wire.pipe.descriptor`),
and who is interrupted reads the number after all, to give it back.
"""

from __future__ import annotations

import os
import select
import threading
from contextlib import suppress
from errno import EBADF
from functools import partial
from pickle import dumps
from time import monotonic_ns

from otp.errors import NodeDown
from otp.runtime.outbox import write_to_kernel
from otp.runtime.reasons import NORMAL
from otp.wire import pipe
from otp.wire.frame import first, pack
from otp.wire.place import Place
from otp.wire.plain import plain
from otp.wire.protocol import ATTACH, EXITING, KNOCK


class Guest:
    """A thread on its way: what it has opened, and what the kernel has said."""

    def __init__(self, place: Place) -> None:
        self.name = f"new-{os.getpid()}-{threading.get_native_id()}-{monotonic_ns()}"
        self.kernel = -1
        self.mailbox = -1
        self._path = f"{place.root}/p/{self.name}"
        self._asked = False
        self._said = b""

    def enter(self, kernel: int, has_bell: bool) -> tuple[int, bytes]:
        """The serial number, and what has come into the mailbox already.

        `kernel` is somebody else's descriptor of its pipe. Raises `OSError` if there is no room.
        """
        if kernel < 0:
            raise NodeDown
        try:
            self.kernel = pipe.duplicate(kernel)
        except OSError as error:
            if error.errno != EBADF:
                raise
            raise NodeDown from None  # another thread has just stopped the node
        write_to_kernel(self.kernel, pack(KNOCK, 0, 0, dumps((self.name, os.getpid()))))
        try:
            pipe.make(self._path)
        except FileNotFoundError:
            raise NodeDown from None
        self.mailbox = pipe.open_mailbox(self._path)
        request = pack(ATTACH, 0, 0, dumps((self.name, os.getpid(), has_bell)))
        write_to_kernel(self.kernel, request)
        self._asked = True
        match self._answer():
            case int(serial), rest:
                return serial, rest
            case (_, number, text), _:
                raise OSError(number, f"this thread cannot be a process of the node: {text}")
        raise NodeDown

    def _answer(self) -> tuple[object, bytes]:
        """The serial number or a refusal; it is the first that comes into the new mailbox."""
        poll = select.poll()
        poll.register(self.mailbox, select.POLLIN)
        poll.register(self.kernel, 0)
        while not self._said:
            poll.poll()
            try:
                for data in iter(partial(os.read, self.mailbox, pipe.READ), None):
                    self._said += data
                    break
            except BlockingIOError:
                raise NodeDown from None
        payload, rest = first(self._said)
        return plain(payload), rest

    def leave(self) -> None:
        """It has come to nothing: the kernel is not to keep what nobody is, nor we what is open."""
        try:
            with suppress(NodeDown):
                self._withdraw()
        finally:
            for fd in (self.mailbox, self.kernel):
                if fd >= 0:
                    os.close(fd)

    def _withdraw(self) -> None:
        if not self._asked:
            with suppress(FileNotFoundError):
                os.unlink(self._path)
            return
        serial, _ = self._answer()
        if isinstance(serial, int):
            write_to_kernel(self.kernel, pack(EXITING, serial, 0, dumps((NORMAL, 0, 0))))
