"""Writing into the log, so that whoever reads it can do no harm.

Filters, formatters and handlers are the user's, and run in the process that has something to say:
a server that is about to end, a supervisor between two steps. `logging` itself catches only what
careful handlers give to `handleError`; all else would come out of the call. As in OTP, where a
handler that fails is removed, the process goes on; what was raised is printed on standard error,
together with what was to be said.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from logging import Logger
from typing import Any

from otp.runtime.reasons import traceback_of


def write(log: Logger, level: int, text: str, report: dict[str, Any] | None = None) -> None:
    """Log the text, and with it `report`, which handlers find in the record."""
    extra = None if report is None else {"report": report}
    try:
        log.log(level, text, extra=extra, stacklevel=2)
    except BaseException as raised:
        with suppress(Exception):  # there is no standard error, or it is closed: nobody to tell
            sys.stderr.write(f"{traceback_of(raised)}raised by a handler of {log.name}: {text}\n")
            sys.stderr.flush()
