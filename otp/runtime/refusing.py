"""Frames that were not written as they should be: looked at before anything is done about them.

1. a frame is taken out of the pipe  2. who handles it raises, for it makes no sense
3. it stays where it was, as if a signal handler of the user's had struck, and is handled again:
   each time that the process looks into its mailbox, for ever
So what makes no sense is found out before, logged and dropped.
"""

from __future__ import annotations

import logging
from functools import partial

from otp.errors import shorten
from otp.terms import Pid
from otp.wire import parcel
from otp.wire.codec import raised_by
from otp.wire.frame import Frame
from otp.wire.plain import plain
from otp.wire.protocol import PARCEL

log = logging.getLogger("otp.process")


def is_sound(frame: Frame, me: Pid, *, known: bool) -> bool:
    """Whether this can be handled: a kind that is known, and a parcel that is for us."""
    kind, sender, _, payload = frame
    if known and (not kind & PARCEL or parcel.is_for(payload, me.id)):
        return True
    log.error("%r dropped a frame of <0.%d.0>, of kind %d: it makes no sense", me, sender, kind)
    return False


def timer_asked(frame: Frame, me: Pid) -> tuple[int, bool] | None:
    """The tag of a timer, and whether it is to be cancelled; None if that is not what is asked."""
    try:
        return _two(frame[3])
    except Exception as error:
        if raised_by(partial(_two, frame[3])) is None:
            raise
        log.error("%r dropped a question of <0.%d.0>: %s", me, frame[1], shorten(error))
        return None


def _two(payload: bytes) -> tuple[int, bool]:
    tag, cancels = plain(payload)
    return int(tag), bool(cancels)
