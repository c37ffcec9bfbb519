"""Process aliases: temporary addresses of a process that it can switch off (Erlang's `alias/0`).

Whether an alias is active is decided by its owner, when the message is taken out of the pipe: so a
message that is on its way when the alias is switched off is dropped, as if it had come later.

    option              switched off by unalias, and
    "explicit_unalias"  nothing else
    "reply"             the first message that comes by it
    "demonitor"         the end of its monitor: `demonitor`, or its `Down`
    "reply_demonitor"   either of these; and the first message ends the monitor too
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

AliasOption: TypeAlias = Literal["explicit_unalias", "reply"]
MonitorAlias: TypeAlias = Literal["explicit_unalias", "demonitor", "reply_demonitor"]

_ENDS_WITH_REPLY: Final = ("reply", "reply_demonitor")
_ENDS_WITH_MONITOR: Final = ("demonitor", "reply_demonitor")


class Aliases:
    """The active aliases of one process, by tag; `demonitor` ends the monitor of the same tag.

    >>> ended = []
    >>> aliases = Aliases(ended.append)
    >>> aliases.add(7, "reply_demonitor")
    >>> aliases.admits(7), aliases.admits(7), ended
    (True, False, [7])
    """

    def __init__(self, demonitor: Callable[[int], object]) -> None:
        self._active: dict[int, AliasOption | MonitorAlias] = {}
        self._demonitor = demonitor

    def add(self, tag: int, option: AliasOption | MonitorAlias) -> None:
        self._active[tag] = option

    def remove(self, tag: int) -> bool:
        """Whether it was active."""
        return self._active.pop(tag, None) is not None

    def admits(self, tag: int) -> bool:
        """Whether a message that has come by this alias is to be heard.

        Its last step is an operator, so that one who was interrupted may ask again.
        """
        option = self._active.get(tag)
        if option == "reply_demonitor":
            self._demonitor(tag)
        if option in _ENDS_WITH_REPLY:
            del self._active[tag]
        return option is not None

    def monitor_ended(self, tag: int) -> None:
        if self._active.get(tag) in _ENDS_WITH_MONITOR:
            self.remove(tag)
