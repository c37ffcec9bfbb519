"""Values of builtin types only, from bytes of which nothing is known: all that the kernel loads.

A pickle can name code; but a few bytes of one can also ask for a memo of gigabytes, or say of a
tuple eighty times that it is twice the one before, so that its hash or its `repr` never ends, or
lie so deep that a hash overflows the stack. So `plain` looks at each operation before any is done:

1. only those that `pickle.dumps` writes, in protocol 5, for builtin values
2. what is referred to again is a string or bytes: no value is much larger than its pickle
3. tuples, whose hash is as deep as they are, are few

>>> from pickle import dumps
>>> plain(dumps((1, "two", {"three": [4.0, None]})))
(1, 'two', {'three': [4.0, None]})
>>> plain(dumps(ValueError("code that must not run in the kernel")))
Traceback (most recent call last):
_pickle.UnpicklingError: what operation 0x93 makes is no plain value
"""

from __future__ import annotations

from pickle import UnpicklingError, loads
from typing import Any, Final

_MOST_TUPLES: Final = 1000

_ARGUMENTS: Final = {
    **dict.fromkeys(b".(]})Neuast\x85\x86\x87\x88\x89", 0),
    **dict.fromkeys(b"K\x80", 1),
    **dict.fromkeys(b"M", 2),
    **dict.fromkeys(b"J", 4),
    **dict.fromkeys(b"G\x95", 8),
}
"""Bytes that follow an operation."""

_TEXTS: Final = {0x8C: 1, ord("X"): 4, 0x8D: 8, ord("C"): 1, ord("B"): 4, 0x8E: 8}
"""Strings and bytes: how many bytes tell the length of what follows them."""

_COUNTED: Final = {**_TEXTS, 0x8A: 1, ord("\x96"): 8}
"""The same with long integers and bytearrays."""

_TUPLES: Final = frozenset(b"t\x85\x86\x87")
_MEMOIZE, _END = 0x94, ord(".")
_GETS: Final = {ord("h"): 1, ord("j"): 4}


def plain(data: bytes | memoryview) -> Any:
    """The value. Raises `UnpicklingError`, or whatever `pickle` finds wrong, if it is none."""
    try:
        _check(data)
    except IndexError:
        raise UnpicklingError("the pickle is cut off") from None
    return loads(data)


def _check(data: bytes | memoryview) -> None:
    at = operation = tuples = 0
    shared: list[bool] = []
    while operation != _END:
        before, operation = operation, data[at]
        at += 1
        if operation in _ARGUMENTS:
            at += _ARGUMENTS[operation]
            tuples += operation in _TUPLES
        elif operation in _COUNTED:
            width = _COUNTED[operation]
            at += width + int.from_bytes(data[at : at + width], "little")
        elif operation == _MEMOIZE:
            shared.append(before in _TEXTS)
        elif operation not in _GETS or not shared[_number(data, at, _GETS[operation])]:
            raise UnpicklingError(f"what operation {operation:#x} makes is no plain value")
        else:
            at += _GETS[operation]
        if tuples > _MOST_TUPLES:
            raise UnpicklingError("a value of so many tuples is no plain value")


def _number(data: bytes | memoryview, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "little")
