"""Exit reasons as bytes: whatever a process dies of, there is something to tell."""

from __future__ import annotations

import logging
import traceback
from functools import partial
from pickle import dumps
from typing import TYPE_CHECKING, Any, Final

from otp.errors import ProcessExit, shorten
from otp.terms import Crash, ExitStatus, OpaqueException, Shutdown, ends_us, shown
from otp.wire.codec import decode, flat, raised_by
from otp.wire.protocol import EXITING

if TYPE_CHECKING:
    from otp.runtime.outbox import Outbox

log = logging.getLogger("otp.process")

NORMAL: Final = flat("normal")
KILLED: Final = flat("killed")
NOPROC: Final = flat("noproc")

_BRIEF: Final = 2000  # bytes of a reason for which there is always room
_SHORT: Final = 200
_LONGEST: Final = 20_000  # characters of a traceback


def pack_reason(reason: Any) -> bytes:
    """The reason as bytes. What cannot be pickled in it is replaced by its text."""
    try:
        return flat(reason)
    except BaseException as error:
        if ends_us(error) or raised_by(partial(flat, reason)) is None:
            raise
        return flat(_in_words(reason))


def portable(reason: Any) -> Any:
    """The reason as others will see it; what cannot travel to them has become its text."""
    return unpack_reason(pack_reason(reason))


def _in_words(reason: Any) -> Any:
    if not isinstance(reason, tuple):
        return shorten(reason)
    return tuple(part if isinstance(part, str) else shorten(part) for part in reason)


def in_brief(data: bytes) -> bytes:
    """The same reason in so few words that it fits into any frame."""
    brief = flat(_brief(unpack_reason(data)))
    return brief if len(brief) <= _BRIEF else flat(shorten(unpack_reason(data)))


def _brief(reason: Any) -> Any:
    match reason:
        case Crash(exception=error, traceback=text):
            return Crash(OpaqueException(shorten(error)), text[-_BRIEF // 4 :])
        case Shutdown(why=why):
            return Shutdown(_brief(why))
        case tuple():
            return tuple(_brief(part) for part in reason)
        case _:
            return shorten(reason) if len(pack_reason(reason)) > _SHORT else reason


def last_words(outbox: Outbox, reason: bytes, by: int, number: int) -> None:
    """Tell the kernel why we end; in brief, if there is no room for a long story."""
    try:
        outbox.tell_kernel(EXITING, 0, dumps((reason, by, number)))
    except OSError:
        outbox.tell_kernel(EXITING, 0, dumps((in_brief(reason), by, number)))


def unpack_reason(data: bytes) -> Any:
    """The reason again; one that cannot be loaded here becomes a sentence that says so."""
    try:
        return decode(data)
    except BaseException:
        if (error := raised_by(partial(decode, data))) is None:
            raise
        return f"(a reason that cannot be loaded here: {shown(error)})"


def is_reason(data: bytes, reason: Any) -> bool:
    """Whether these bytes are that reason; its `==` is the user's and may be anything."""
    try:
        return data == pack_reason(reason) or bool(unpack_reason(data) == reason)
    except (Exception, SystemExit):
        return False


def reason_of(raised: BaseException) -> Any:
    """The exit reason of a process whose function raised this."""
    if isinstance(raised, ProcessExit):
        return raised.reason
    if isinstance(raised, SystemExit) and raised.code is None:
        return "normal"
    if isinstance(raised, SystemExit) and isinstance(raised.code, int):
        return ExitStatus(raised.code) if raised.code else "normal"
    return Crash(raised, traceback_of(raised))


def _without_its_midst(text: str) -> str:
    """Where it was raised and what it says in the end; what is said at length is left out."""
    half, left_out = _LONGEST // 2, len(text) - _LONGEST
    return f"{text[:half]} … ({left_out} characters) … {text[-half:]}"


def traceback_of(raised: BaseException) -> str:
    """The traceback as text; its frames alone, if the exception does not let itself be shown."""
    try:
        text = "".join(traceback.format_exception(raised))
        return text if len(text) <= _LONGEST else _without_its_midst(text)
    except BaseException as error:
        if ends_us(error):
            raise
        return "".join([*traceback.format_tb(raised.__traceback__), shown(raised), "\n"])
