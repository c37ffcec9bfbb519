"""How long to try before going to sleep.

Waking a sleeping process on another core costs tens of microseconds; an answer often takes five. A
receiver that tries its empty pipe again for a moment, yielding the processor between tries, gets
the answer without that cost. But a try that fails is time taken from somebody who had work to do:
with more runnable processes than cores, always trying costs a third of the throughput.

So the window adapts, as adaptive mutexes and the schedulers of the BEAM do: it follows how long
the waits took that were worth it, shrinks with each one that was not, and is closed after a few.
A closed window is tried again now and then, and whenever a sleep turned out to be very short.

>>> spin = Spin()
>>> spin.window > 0
True
>>> for _ in range(8):
...     spin.missed()
>>> spin.window, spin.probe()
(0.0, 0.0)
>>> spin.slept(0.00002)     # so short a sleep was not worth it
>>> spin.window > 0
True
"""

from __future__ import annotations

from typing import Final

_FIRST: Final = 20e-6
_LONGEST: Final = 50e-6
_SHORTEST: Final = 4e-6
_SHORT_SLEEP: Final = 100e-6
_PROBE_EVERY: Final = 32


class Spin:
    """The policy for one mailbox. Times are seconds and come from the caller."""

    __slots__ = ("_closed_for", "window")

    def __init__(self) -> None:
        self.window = _FIRST
        """How long to try; 0.0 is closed."""
        self._closed_for = 0

    def probe(self) -> float:
        """How long to try this time with a closed window; mostly 0.0: sleep at once."""
        self._closed_for += 1
        if self._closed_for < _PROBE_EVERY:
            return 0.0
        self._closed_for = 0
        return _FIRST

    def hit(self, took: float) -> None:
        """Something came while trying."""
        wanted = 3 * took
        if wanted > self.window or self.window < _FIRST:
            self.window = min(_LONGEST, max(_FIRST, wanted))
        elif self.window > _FIRST:
            self.window = (7 * self.window + max(_FIRST, wanted)) / 8

    def missed(self) -> None:
        """Nothing came while trying."""
        self.window = self.window / 2 if self.window > _SHORTEST else 0.0

    def slept(self, took: float) -> None:
        """Something came after this long a sleep."""
        if took < _SHORT_SLEEP and not self.window:
            self.window = _FIRST
