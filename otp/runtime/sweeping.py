"""Removing the parcels of dead senders that no frame of ours names.

1. a frame is taken out of the mailbox  2. the bell brings the news that its sender is dead
3. a sweep now would find a file that nobody names, and remove what is about to be opened: so it is
done when nothing is left to be opened and the next message is waited for. A sender whose parcels
are still named then stays for another time.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from otp.runtime.mailbox import Mailbox
from otp.wire import parcel, pipe
from otp.wire.frame import Frame
from otp.wire.place import Place
from otp.wire.protocol import PARCEL

log = logging.getLogger("otp.process")


class Sweeping:
    """The dead senders of one process."""

    def __init__(self, place: Place, serial: int, mailbox: Mailbox) -> None:
        self._place = place
        self._serial = serial
        self._mailbox = mailbox
        self.dead: set[int] = set()

    def note(self, frame: Frame) -> None:
        """Its sender is dead; all that it has sent came before this news."""
        self.dead.add(frame[1])

    def sweep(self) -> None:
        """Remove what can be removed now."""
        mailbox = self._mailbox
        for dead in tuple(self.dead):
            waiting = [*mailbox.arrived, *(frame for frame in mailbox.awaited.values() if frame)]
            named = {f[3] for f in waiting if f[0] & PARCEL and isinstance(f[3], bytes)}
            if self._clear(dead, named):
                self.dead.discard(dead)

    def _clear(self, dead: int, named: Collection[bytes]) -> bool:
        """Whether there is nothing more to be done about it."""
        try:
            return parcel.clear(self._place, self._serial, dead, named)
        except OSError as error:
            if pipe.no_descriptor(error):
                return False  # nobody waits for this: it can be done when there is one again
            if error.errno is None:  # the TimeoutError of somebody's alarm
                raise
            log.error("what <0.%d.0> has sent to <0.%d.0> stays: %s", dead, self._serial, error)
            return True
