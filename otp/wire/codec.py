"""Values to bytes and back.

The C `pickle`, protocol 5, of whatever the user sends. `cloudpickle` takes over where pickle fails
(lambdas, closures) and where the bytes name ``__main__``: another process has another ``__main__``,
so classes and functions of a script, the REPL or a notebook must travel by value.

Large buffers (a numpy array, a `pickle.PickleBuffer`) are taken out of band, so that they are
copied once, straight into the parcel that carries them (`otp.wire.parcel`).

>>> decode(encode({"a": [1, 2]})[0])
{'a': [1, 2]}
>>> decode(encode(lambda x: x + 1)[0])(41)
42
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from functools import partial
from pickle import PickleBuffer, dumps, loads
from typing import Any, Final, NoReturn, TypeAlias

from otp.errors import shorten
from otp.wire.frame import LIMIT

Encoded: TypeAlias = tuple[bytes, list[PickleBuffer]]
"""The pickle, and the buffers that are not in it."""

_OF_PICKLE: Final = (pickle.PicklingError, AttributeError, TypeError)
_SMALL = LIMIT - 256  # with these the pickle may fit a frame, which costs a fifth of a parcel


_UNDERSCORE = ord("_")  # one byte is found ten times faster than a word


def encode(value: Any) -> Encoded:
    """The value as a pickle and its out-of-band buffers.

    Raises `pickle.PicklingError`, naming the value, if neither pickle nor cloudpickle can.
    """
    try:
        data = dumps(value, 5, buffer_callback=_found)
    except _BufferFound:
        return _with_buffers(value)
    except Exception as error:
        return _rescued(value, error, [])
    if _UNDERSCORE in data and b"__main__" in data:
        return by_value(value, [])
    return data, []


class _BufferFound(Exception):
    """The value has buffers: begin again and collect them. Most have none, and need no list."""


def _found(buffer: PickleBuffer) -> NoReturn:
    raise _BufferFound


def _with_buffers(value: Any) -> Encoded:
    buffers: list[PickleBuffer] = []
    try:
        data = dumps(value, 5, buffer_callback=buffers.append)
    except Exception as error:
        return _rescued(value, error, [])
    if b"__main__" in data:
        return by_value(value, [])
    if sum(b.raw().nbytes for b in buffers) <= _SMALL:
        return dumps(value, 5), []
    return data, buffers


def flat(value: Any) -> bytes:
    """The same with every buffer inside: what the kernel keeps of a reason or a timer's message."""
    try:
        data = dumps(value, 5)
    except Exception as error:
        return _rescued(value, error, None)[0]
    return by_value(value, None)[0] if b"__main__" in data else data


def _rescued(value: Any, error: Exception, buffers: list[PickleBuffer] | None) -> Encoded:
    """What pickle refuses, cloudpickle may take; what else was raised while it worked is raised."""
    if isinstance(error, (RecursionError, MemoryError)) or not _refuses(value, error):
        raise error
    return by_value(value, buffers)


def _refuses(value: Any, error: Exception) -> bool:
    """Whether it is pickle that cannot take the value, and no signal handler that has raised."""
    return isinstance(error, _OF_PICKLE) or raised_by(partial(dumps, value, 5)) is not None


def raised_by(act: Callable[[], object]) -> BaseException | None:
    """What this raises when it is tried again, or None.

    What has raised may have been the handler of a signal: what does so twice is its own fault.
    """
    try:
        act()
    except BaseException as error:
        error.__context__ = None  # the first time: each would keep the other, and what it looked at
        return error
    return None


def by_value(value: Any, buffers: list[PickleBuffer] | None) -> Encoded:
    """The same by cloudpickle, which takes functions and classes by value where it must."""
    import cloudpickle  # slow to import, and most programs never need it

    callback = None if buffers is None else buffers.append
    try:
        return cloudpickle.dumps(value, 5, buffer_callback=callback), buffers or []
    except RecursionError:
        raise
    except Exception as error:
        if raised_by(partial(cloudpickle.dumps, value, 5)) is None:
            raise
        raise pickle.PicklingError(
            f"{shorten(value)} cannot be sent to another process: {error}"
        ) from error


def decode(data: bytes | memoryview, buffers: Iterable[Any] = ()) -> Any:
    """The value that `encode` was given, as a copy. Raises whatever unpickling it raises."""
    return loads(data, buffers=buffers)
