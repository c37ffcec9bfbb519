"""Who belongs together: sets of serial numbers, by what they have in common.

>>> groups = Groups()
>>> groups.add(7, 12); groups.add(7, 11); groups.add(8, 13)
>>> groups.of(7), groups.of(9)
([11, 12], [])
>>> groups.discard(8, 13)
>>> 7 in groups, 8 in groups
(True, False)
"""

from __future__ import annotations


class Groups:
    """A group without members is none; members come out in order of age."""

    def __init__(self) -> None:
        self._members: dict[int, set[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._members)

    def __contains__(self, key: int) -> bool:
        return key in self._members

    def add(self, key: int, member: int) -> None:
        self._members.setdefault(key, set()).add(member)

    def discard(self, key: int, member: int) -> None:
        members = self._members.get(key, set())
        members.discard(member)
        if not members:
            self._members.pop(key, None)

    def of(self, key: int) -> list[int]:
        return sorted(self._members.get(key, ()))
