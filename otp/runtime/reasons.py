"""Exit reasons as bytes: whatever a process dies of, there is something to tell."""

from __future__ import annotations

import logging
import traceback
from typing import Any, Final

from otp.errors import ProcessExit, shorten
from otp.terms import Crash, ExitStatus
from otp.wire.codec import decode, flat

log = logging.getLogger("otp.process")

NORMAL: Final = flat("normal")
KILLED: Final = flat("killed")
NOPROC: Final = flat("noproc")


def pack_reason(reason: Any) -> bytes:
    """The reason as bytes. What cannot be pickled in it is replaced by its text."""
    try:
        return flat(reason)
    except Exception:
        return flat(_shown(reason))


def _shown(reason: Any) -> Any:
    if not isinstance(reason, tuple):
        return shorten(reason)
    return tuple(part if isinstance(part, str) else shorten(part) for part in reason)


def unpack_reason(data: bytes) -> Any:
    """The reason again; one that cannot be loaded here becomes a sentence that says so."""
    try:
        return decode(data)
    except (Exception, SystemExit) as error:
        return f"(a reason that cannot be loaded here: {error!r})"


def is_reason(data: bytes, reason: Any) -> bool:
    """Whether these bytes are that reason; its `==` is the user's and may be anything."""
    try:
        return data == pack_reason(reason) or bool(unpack_reason(data) == reason)
    except Exception:
        return False


def reason_of(raised: BaseException) -> Any:
    """The exit reason of a process whose function raised this."""
    if isinstance(raised, ProcessExit):
        return raised.reason
    if isinstance(raised, SystemExit) and raised.code in (None, 0):
        return "normal"
    if isinstance(raised, SystemExit) and isinstance(raised.code, int):
        return ExitStatus(raised.code)
    return Crash(raised, "".join(traceback.format_exception(raised)))
