"""Who was rung for and has not looked at its mailbox yet: to be rung for again.

A bell may go unheard, and no program in Python can help it:

1. the interpreter looks whether a signal has come: none has
2. the bell rings; its handler is to run at the next look
3. the interpreter makes the system call that comes next, ``sleep`` say, which knows nothing of it
   and sleeps to its end

The time between 1 and 3 is short, but it is just where a process stands that has done something and
lost the processor to whom it has woken. So it is rung for again as long as its pipe is unread:
after `_FIRST` seconds, then ever less often, for it may also be stopped, or deaf in C code.

>>> bells = Bells()
>>> bells.rung(7, now=10.0)
>>> bells.next(), bells.due(now=10.005), bells.due(now=10.01), bells.next()
(10.01, [], [7], 10.03)
>>> bells.heard(7)
>>> bells.next() is None
True
"""

from __future__ import annotations

from typing import Final

_FIRST: Final = 0.01
_LONGEST: Final = 1.0


class Bells:
    """Times are seconds and come from the caller; processes are serial numbers."""

    def __init__(self) -> None:
        self._again: dict[int, tuple[float, float]] = {}  # when, and after how long a pause

    def rung(self, to: int, now: float) -> None:
        """The bell has rung: look after it from now on."""
        self._again[to] = (now + _FIRST, _FIRST)

    def heard(self, to: int) -> None:
        """It has read its pipe, or is dead."""
        self._again.pop(to, None)

    def next(self) -> float | None:
        """When `due` will have something to say."""
        return min((when for when, _ in self._again.values()), default=None)

    def due(self, now: float) -> list[int]:
        """Whom to look at, and to ring for if it has not read its pipe. They are put off."""
        out = [to for to, (when, _) in self._again.items() if when <= now]
        for to in out:
            pause = min(2 * self._again[to][1], _LONGEST)
            self._again[to] = (now + pause, pause)
        return out
