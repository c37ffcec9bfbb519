"""The words: what pids, messages and exit reasons are made of.

Atoms are strings. A reason is any picklable value; these have a meaning of their own:

    "normal" "shutdown" Shutdown(why)   an orderly end, nobody is alarmed
    "kill" -> "killed"                  the signal that cannot be trapped, and what is left of it
    "noproc" "noconnection"             there is nobody, or no way to reach them
    Crash(exception, traceback)         an exception that nobody caught
    Signal(name)  ExitStatus(code)      the operating system ended the process

>>> match Exit(Pid(12, "demo"), Shutdown("upgrade")):
...     case Exit(pid, "normal" | "shutdown" | Shutdown()):
...         print(pid, "left in good order")
<0.12.0> left in good order
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, NamedTuple, TypeAlias

_SERIALS: Final = 1 << 32  # it has four bytes in a frame


@dataclass(frozen=True, slots=True, repr=False)
class Pid:
    """A process, for ever: a serial number that its node never gives again, and that node."""

    id: int
    node: str

    def __post_init__(self) -> None:
        if not isinstance(self.id, int) or not 0 <= self.id < _SERIALS:
            raise ValueError(f"the id of a Pid is a serial number, not {shown(self.id)}")

    def __repr__(self) -> str:
        return f"<0.{self.id}.0>"

    def __reduce__(self) -> tuple[type[Pid], tuple[int, str]]:
        return Pid, (self.id, self.node)


@dataclass(frozen=True, slots=True, repr=False)
class Ref:
    """A reference that is unique on its node: names a monitor, a timer or a request."""

    id: int
    owner: Pid

    def __post_init__(self) -> None:
        if not isinstance(self.owner, Pid):
            raise TypeError(f"the owner of a Ref is a Pid, not {shown(self.owner)}")

    def __repr__(self) -> str:
        return f"#Ref<0.{self.owner.id}.{self.id}>"

    def __reduce__(self) -> tuple[type[Ref], tuple[int, Pid]]:
        return Ref, (self.id, self.owner)


class From(NamedTuple):
    """Who waits for a reply: what `handle_call` gets as `caller` and `gen_server.reply` takes."""

    pid: Pid
    tag: int


@dataclass(frozen=True, slots=True)
class Down:
    """A monitored process has ended (``'DOWN'``). `pid` is the name if that was watched."""

    ref: Ref
    pid: Pid | str
    reason: Any


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit signal that was trapped (Erlang's ``'EXIT'``)."""

    pid: Pid
    reason: Any


@dataclass(frozen=True, slots=True)
class Timeout:
    """The idle timeout of a behaviour; with `ref` and `message`, what `start_timer` delivers.

    A server that has both tells them apart so: ``case Timeout(None)`` is the idle timeout.
    """

    ref: Ref | None = None
    message: Any = None


@dataclass(frozen=True, slots=True)
class Shutdown:
    """An orderly end with a word why (Erlang's ``{shutdown, Why}``)."""

    why: Any = None


@dataclass(frozen=True, slots=True)
class Signal:
    """Ended by the operating system: ``Signal("SIGSEGV")``."""

    name: str


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """Left through `os._exit` or `sys.exit` with this code."""

    code: int


def ends_us(raised: BaseException) -> bool:
    """Whether it is an `otp.errors.ProcessExit`, which passes where all else is caught."""
    return getattr(type(raised), "ends_us", False)


def shown(value: Any, say: Callable[[Any], str] = repr, *, parts: bool = True) -> str:
    """The value's `repr` (or `str`), whatever it raises; of a tuple then at least its parts.

    >>> class Shy:
    ...     def __repr__(self):
    ...         raise SystemExit(7)
    >>> shown(("bad_return_value", Shy()))
    "('bad_return_value', <Shy whose repr raises SystemExit>)"
    """
    try:
        return say(value)
    except BaseException as error:
        if ends_us(error):
            raise
        if type(value) is tuple and parts:
            return f"({', '.join(shown(part, parts=False) for part in value)})"
        return f"<{type(value).__name__} whose {say.__name__} raises {type(error).__name__}>"


class OpaqueException(Exception):
    """Stands for an exception of another process that cannot be rebuilt in this one."""


@dataclass(frozen=True, slots=True, eq=False)
class Crash:
    """An exception that nobody caught, with its traceback as text (Erlang's ``{Reason, Stack}``).

    Always picklable: an exception that is not, or that the receiver cannot import, arrives as an
    `OpaqueException` with the same text. Two crashes are equal if type and arguments are.

    An exception is rebuilt as ``cls(*args)``, so it is whole only if `__init__` takes what stands
    in `args`. One that takes something else either passes all of it on to ``super().__init__``, or
    tells by `__reduce__` how it is made:

    >>> class TooHot(Exception):
    ...     def __init__(self, sensor, degrees):
    ...         super().__init__(sensor, degrees)  # not super().__init__(f"{sensor} is too hot")
    ...         self.sensor, self.degrees = sensor, degrees
    >>> pickle.loads(pickle.dumps(Crash(TooHot("oven", 300)))).exception.degrees
    300
    """

    exception: BaseException
    traceback: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Crash) and _identity(self) == _identity(other)

    def __hash__(self) -> int:
        return hash(type(self.exception))

    def __repr__(self) -> str:
        return f"Crash({shown(self.exception)})"

    def __reduce__(self) -> tuple[Any, tuple[bytes, str, str]]:
        kind = type(self.exception)
        described = f"{kind.__module__}.{kind.__qualname__}: {shown(self.exception, str)}"
        return _crash, (_pickled(self.exception), described, self.traceback)


def _identity(crash: Crash) -> tuple[type, str, str]:
    exception = crash.exception
    return type(exception), shown(exception.args), shown(exception, str)


def _pickled(exception: BaseException) -> bytes:
    """The exception as bytes that are known to load, or no bytes at all."""
    import cloudpickle  # rarely needed, slow to import

    try:
        data: bytes = cloudpickle.dumps(exception)
        _loaded(data)
    except BaseException as error:
        if ends_us(error):
            raise
        return b""
    return data


def _loaded(data: bytes) -> BaseException:
    exception = pickle.loads(data)
    if not isinstance(exception, BaseException):
        raise TypeError(f"an exception has become a {type(exception).__name__}")
    return exception


def _crash(data: bytes, described: str, traceback: str) -> Crash:
    try:
        return Crash(_loaded(data), traceback)
    except BaseException as error:
        if ends_us(error):
            raise
        return Crash(OpaqueException(described), traceback)


@dataclass(frozen=True, slots=True)
class Global:
    """A name known on all connected machines (``{global, Name}``). Not available yet."""

    name: Any


@dataclass(frozen=True, slots=True)
class Via:
    """A name kept by a registry of your own (``{via, Module, Key}``).

    `module` is a module, or its dotted name, with `register_name(key, pid) -> bool`,
    `unregister_name(key)`, `whereis_name(key) -> Pid | None` and `send(key, message)`.
    """

    module: str
    key: Any

    def __init__(self, module: str | ModuleType, key: Any) -> None:
        name = module.__name__ if isinstance(module, ModuleType) else module
        object.__setattr__(self, "module", name)
        object.__setattr__(self, "key", key)


Server: TypeAlias = Pid | str | Global | Via | tuple[str, str]
"""Whom to call: a pid, a name, a name kept elsewhere, or a name and the node it is on."""

ORDERLY = ("normal", "shutdown")


def is_orderly(reason: object) -> bool:
    """Whether an end for this reason is one that nobody needs to report or repair.

    >>> is_orderly("normal"), is_orderly(Shutdown("upgrade")), is_orderly("killed")
    (True, True, False)
    """
    return isinstance(reason, Shutdown) or (isinstance(reason, str) and reason in ORDERLY)
