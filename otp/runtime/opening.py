"""From frames to messages: each is decoded once, when it is first looked at.

What a message looks like is what OTP's processes see, so that a plain `receive` loop can serve
calls as well: ``("$gen_call", caller, request)``, ``("$gen_cast", request)``,
``("system", caller, request)``, and `Down`, `Exit`, `Timeout`.

A payload may refuse to load: its class is not importable here, or raises while it is built. That
must not kill the receiver. A call is refused with the reason; anything else is dropped and logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from otp.runtime.reasons import reason_of, unpack_reason
from otp.terms import Down, Exit, From, Pid, Ref, Timeout
from otp.wire import parcel
from otp.wire.codec import decode
from otp.wire.frame import Frame
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


class Opener:
    """Turns the frames of one process into its messages."""

    def __init__(self, place: Place, me: Pid) -> None:
        self._place = place
        self._me = me
        self._pids: dict[int, Pid] = {me.id: me}
        self.watched_names: dict[int, Any] = {}
        self.refuse: Callable[[From, Any], None] = lambda caller, reason: None

    def pid(self, serial: int) -> Pid:
        """The pid with this serial number; the same object again, as long as it is remembered."""
        pid = self._pids.get(serial)
        if pid is None:
            if len(self._pids) >= _PIDS:
                self._pids.clear()
            pid = self._pids[serial] = Pid(serial, self._me.node)
        return pid

    def payload(self, frame: Frame) -> bytes:
        """The payload as bytes, wherever it lies."""
        return parcel.read_bytes(self._place, frame[3]) if frame[0] & PARCEL else frame[3]

    def value(self, frame: Frame) -> Any:
        """The payload as a value. Raises whatever unpickling it raises."""
        if not frame[0] & PARCEL:
            return decode(frame[3])
        data, buffers = parcel.open_parcel(self._place, frame[3])
        return decode(data, buffers)

    def open(self, frame: Frame) -> Any:
        """The message in a frame, or UNREADABLE."""
        kind, sender, ref = frame[0] & ~PARCEL, frame[1], frame[2]
        if kind == DOWN or kind == EXIT:
            return self._news(kind, sender, ref, unpack_reason(self.payload(frame)))
        try:
            value = self.value(frame)
        except (Exception, SystemExit) as error:
            if kind == REPLY:  # its death is not told: the request has been answered
                return Down(Ref(ref, self._me), self.pid(sender), reason_of(error))
            self._unreadable(kind, sender, ref, error)
            return UNREADABLE
        return self._message(kind, sender, ref, value)

    def _message(self, kind: int, sender: int, ref: int, value: Any) -> Any:
        if kind == CALL:
            return ("$gen_call", From(self.pid(sender), ref), value)
        if kind == MESSAGE:
            return value
        if kind == CAST:
            return ("$gen_cast", value)
        if kind == ALIASED:
            return value
        if kind == REPLY:
            return (Ref(ref, self._me), value)
        if kind == REFUSED:
            return Down(Ref(ref, self._me), self.pid(sender), value)
        if kind == SYSTEM:
            return ("system", From(self.pid(sender), ref), value)
        assert kind == TIMEOUT, kind
        return Timeout(Ref(ref, self.pid(sender)), value)

    def _news(self, kind: int, sender: int, ref: int, reason: Any) -> Down | Exit:
        if kind == EXIT:
            return Exit(self.pid(sender), reason)
        who = self.watched_names.pop(ref, None)
        return Down(Ref(ref, self._me), who or self.pid(sender), reason)

    def _unreadable(self, kind: int, sender: int, ref: int, error: BaseException) -> None:
        log.error(
            "%r dropped a message of %r that cannot be loaded here: %r",
            self._me, self.pid(sender), error,
        )  # fmt: skip
        if kind in (CALL, SYSTEM):
            self.refuse(From(self.pid(sender), ref), reason_of(error))
