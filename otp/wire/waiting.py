"""How long to try before going to sleep.

Waking a sleeping process on another core costs tens of microseconds; an answer often takes five. A
receiver that tries its empty pipe again for a moment, yielding the processor between tries, gets
the answer without that cost. But a try that fails is time taken from somebody who had work to do:
with more runnable processes than cores, always trying costs a third of the throughput.

So the window adapts, as adaptive mutexes and the schedulers of the BEAM do: it follows how long
the waits took that were worth it, shrinks with each one that was not, and is closed after a few.

A closed window is opened again when a sleep turned out to be very short. Where that was in vain,
twice as many short sleeps are wanted the next time: two processes that must share a processor sleep
shortly too, and may gain nothing by trying, since one that yields does not always make way
(`sched_yield` hands nothing over to a process of another session).

But two that both sleep may never see a short sleep:

1. the client sends and sleeps  2. the server wakes, answers and sleeps  3. the client wakes, sends
and sleeps, and so on: each sleep lasts as long as two wakings, and a short try of one alone ends
before the other is awake
4. so now and then a closed window is tried for long, which outlasts a waking; then the sleeps of
the other are short, and its window opens as well

Each of these long tries that fails doubles the number of waits until the next.

On a crowded machine a yield lets everybody else run first, for milliseconds, while one that sleeps
is put before them when it is woken. (Two pairs with a few busy programs beside them reached 0.4 of
what they do without trying; now it is the same.) So the window is closed at once by a single try
that takes so long, whether it has found something or not.

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
_LONGEST: Final = 100e-6
_SHORTEST: Final = 4e-6
_CROWDED: Final = 300e-6  # a yield that takes so long
_SHORT_SLEEP: Final = 100e-6
_SHORT_SLEEPS: Final = 64  # at most so many are wanted
_PROBE_AFTER: Final = 32  # waits with a closed window
_PROBES_APART: Final = 512  # at most


class Spin:
    """The policy for one mailbox. Times are seconds and come from the caller."""

    __slots__ = ("_closed_for", "_probe_after", "_short_sleeps", "_wanted", "window")

    def __init__(self) -> None:
        self.window = _FIRST
        """How long to try; 0.0 is closed."""
        self._closed_for = 0
        self._probe_after = _PROBE_AFTER
        self._short_sleeps = 0
        self._wanted = 1

    def probe(self) -> float:
        """How long to try this time with a closed window; mostly 0.0: sleep at once."""
        self._closed_for += 1
        if self._closed_for < self._probe_after:
            return 0.0
        self._closed_for = 0
        self._probe_after = min(_PROBES_APART, 2 * self._probe_after)
        return _LONGEST

    def hit(self, in_vain: float, took: float = 0.0) -> None:
        """Something came while trying, after tries for this long that found nothing.

        That is 0.0 if the first has found it: then the processor went to who had work to do. `took`
        is how long the last try lasted, which has found it.
        """
        if took > _CROWDED:
            self.window = 0.0
            return
        enough = 3 * in_vain
        if enough > self.window or self.window < _FIRST:
            self.window = min(_LONGEST, max(_FIRST, enough))
            self._probe_after = _PROBE_AFTER
            self._wanted = 1
        elif self.window > _FIRST:
            self.window = (7 * self.window + max(_FIRST, enough)) / 8

    def missed(self, took: float = 0.0) -> None:
        """Nothing came while trying, which took this long."""
        crowded = took > _CROWDED
        self.window = self.window / 2 if self.window > _SHORTEST and not crowded else 0.0

    def slept(self, took: float) -> None:
        """Something came after this long a sleep."""
        if took < _SHORT_SLEEP and not self.window:
            self._short_sleeps += 1
            if self._short_sleeps >= self._wanted:
                self.window = _FIRST
                self._short_sleeps = 0
                self._wanted = min(_SHORT_SLEEPS, 2 * self._wanted)
