"""From frames to messages: each is decoded once, when it is first looked at.

What a message looks like is what OTP's processes see, so that a plain `receive` loop can serve
calls as well: ``("$gen_call", caller, request)``, ``("$gen_cast", request)``,
``("system", caller, request)``, and `Down`, `Exit`, `Timeout`.

A payload may refuse to load: its class is not importable here, or raises while it is built. That
must not kill the receiver. A call is refused with the reason; anything else is dropped and logged.
But what is raised meanwhile may also come from a signal handler of the user's (Ctrl-C, an alarm),
and then the message must not be lost: so it is loaded again. What fails twice is its own fault.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from errno import ENOMEM
from functools import partial
from pickle import loads
from typing import Any, Final

from otp.errors import shorten
from otp.runtime.mailbox import Heard
from otp.runtime.reasons import reason_of, unpack_reason
from otp.terms import Down, Exit, From, Pid, Ref, Timeout
from otp.wire import parcel, pipe
from otp.wire.codec import decode, flat, raised_by
from otp.wire.parcel import Contents
from otp.wire.place import Place
from otp.wire.protocol import (
    ALIASED,
    CALL,
    CAST,
    DOWN,
    EXIT,
    MESSAGE,
    PARCEL,
    REFUSED,
    REPLY,
    SYSTEM,
    TIMEOUT,
)

log = logging.getLogger("otp.process")

UNREADABLE: Final = object()
_PIDS = 4096
_TOO_LOW: Final = {True: "raise ulimit -n", False: "raise ulimit -v, or vm.max_map_count"}
_from: Final = partial(tuple.__new__, From)  # as From(pid, tag), at half the cost
_LONGEST: Final = 1000  # characters of an error
_FRAME: Final = 4  # what is longer brings the name that was watched


class Opener:
    """Turns the frames of one process into its messages."""

    def __init__(self, place: Place, me: Pid) -> None:
        self._place = place
        self._me = me
        self._pids: dict[int, Pid] = {me.id: me}
        self.refuse: Callable[[From, Any], None] = lambda caller, reason: None
        self.with_room: Callable[[Callable[[], Contents]], Contents] = lambda act: act()

    def pid(self, serial: int) -> Pid:
        """The pid with this serial number; the same object again, as long as it is remembered."""
        pid = self._pids.get(serial)
        if pid is None:
            if len(self._pids) >= _PIDS:
                self._pids.clear()
            pid = self._pids[serial] = Pid(serial, self._me.node)
        return pid

    def payload(self, frame: Heard) -> bytes:
        """The payload as bytes, wherever it lies."""
        return bytes(self._contents(frame[3]).data if frame[0] & PARCEL else frame[3])

    def value(self, frame: Heard) -> Any:
        """The payload as a value. Raises whatever unpickling it raises."""
        if not frame[0] & PARCEL:
            return loads(frame[3])
        data, buffers, _ = self._contents(frame[3])
        return decode(data, buffers)

    def fetched(self, ticket: bytes) -> Contents | None:
        """What is in a parcel; None if it is not there, which `open` will tell of.

        Raises `OSError` if it is only that there is no room for it here: then it stays.
        """
        try:
            parcel.check(ticket, self._me.id)
            return self.with_room(lambda: parcel.fetch(self._place, ticket))
        except ValueError:
            return None
        except OSError as error:
            if error.errno is None:  # the TimeoutError of somebody's alarm
                raise
            few = pipe.no_descriptor(error)
            if not few and error.errno != ENOMEM:
                return None
            raise OSError(
                error.errno,
                f"{error.strerror}: a long message waits that cannot be opened; {_TOO_LOW[few]}",
            ) from error

    def whole(self, frame: Heard) -> Heard:
        """The frame with its parcel in memory, so that it can be loaded more than once."""
        if not frame[0] & PARCEL:
            return frame
        return (*frame[:3], self._contents(frame[3]), *frame[4:])

    def _contents(self, payload: Any) -> Contents:
        if isinstance(payload, Contents):
            return payload
        parcel.check(payload, self._me.id)
        return parcel.open_parcel(self._place, payload)

    def open(self, frame: Heard) -> Any:
        """The message in a frame, or UNREADABLE."""
        kind = frame[0] & ~PARCEL
        if kind == DOWN or kind == EXIT:
            return self._news(kind, frame)
        try:
            value = loads(frame[3]) if kind == frame[0] else self.value(frame)
        except BaseException:
            if (error := self.fault_of(frame)) is None:
                raise
            try:
                return self._unreadable(kind, frame[1], frame[2], error)
            finally:  # it knows this call, which would know it: neither would let the parcel go
                del error
        if kind == CALL:
            return ("$gen_call", _from((self.pid(frame[1]), frame[2])), value)
        if kind == CAST:
            return ("$gen_cast", value)
        if kind == MESSAGE or kind == ALIASED:
            return value
        return self._message(kind, self.pid(frame[1]), frame[2], value)

    def _message(self, kind: int, sender: Pid, ref: int, value: Any) -> Any:
        if kind == REPLY:
            return (Ref(ref, self._me), value)
        if kind == REFUSED:
            return Down(Ref(ref, self._me), sender, value)
        if kind == SYSTEM:
            return ("system", From(sender, ref), value)
        assert kind == TIMEOUT, kind
        return Timeout(Ref(ref, sender), value)

    def _news(self, kind: int, frame: Heard) -> Down | Exit:
        reason = unpack_reason(self.reason_in(frame))
        if kind == EXIT:
            return Exit(self.pid(frame[1]), reason)
        who = frame[4] if len(frame) > _FRAME else self.pid(frame[1])
        return Down(Ref(frame[2], self._me), who, reason)

    def reason_in(self, frame: Heard) -> bytes:
        """The reason as bytes; one whose parcel is not there becomes a sentence that says so."""
        try:
            return self.payload(frame)
        except (OSError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            return flat(f"(a reason that was lost on its way: {error!r})")

    def fault_of(self, frame: Heard) -> BaseException | None:
        """What is raised by loading it once more; None if that was not its own fault."""
        return raised_by(partial(self.value, frame))

    def _unreadable(self, kind: int, sender: int, ref: int, error: BaseException) -> Any:
        if kind == REPLY:  # its death is not told: the request has been answered
            return Down(Ref(ref, self._me), self.pid(sender), reason_of(error))
        log.error(
            "%r dropped a message of %r that cannot be loaded here: %s",
            self._me, self.pid(sender), shorten(error, _LONGEST),
        )  # fmt: skip
        if kind in (CALL, SYSTEM):
            self.refuse(From(self.pid(sender), ref), reason_of(error))
        return UNREADABLE
