"""A server goes on with new code: its module is loaded from disk again, in the running process.

1. the server is suspended: no callback is at work, and requests wait in the mailbox
2. the module is executed again in its old namespace, as `importlib.reload` does; the file on disk
   counts, never a cached one
3. `code_change` of the new class turns the old state into one that the new code understands
4. if any of this fails, namespace, class and state are what they were

Only this module is loaded, not those that it imports. Objects in the state stay instances of the
old classes until `code_change` makes new ones of them. Other processes keep the code they have;
those that are started from now on, restarts too, import the module from disk.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import reload
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source
from types import ModuleType
from typing import Any, TypeAlias

from otp.behaviour.callbacks import GenServer
from otp.behaviour.results import Ok
from otp.runtime import here
from otp.runtime.reasons import reason_of
from otp.wire.protocol import STALE

NewCode: TypeAlias = str | type[GenServer[Any]]
"""The name of a module; or a class, for code that no module on disk holds."""


class Refused(Exception):
    """The code is not changed; the argument is why."""


def changed(
    server: GenServer[Any], code: NewCode, old_version: Any, state: Any, extra: Any
) -> tuple[GenServer[Any], Any]:
    """The server with its new code, and its new state. Raises `Refused`."""
    module = sys.modules.get(code) if isinstance(code, str) else None
    before = None if module is None else dict(vars(module))
    try:
        new = _load(type(server), code, module)()
        result = new.code_change(old_version, state, extra)
        if isinstance(result, Ok):
            _tell(code)
            return new, result.state
        why = result
    except BaseException as raised:
        why = ("EXIT", reason_of(raised))
    if module is not None and before is not None:
        vars(module).clear()
        vars(module).update(before)
    raise Refused(why)


def _load(cls: type[GenServer[Any]], code: NewCode, module: ModuleType | None) -> Any:
    """The class to go on with."""
    if not isinstance(code, str):
        return code
    if module is None:
        raise ModuleNotFoundError(f"{code} is not loaded here", name=code)
    _execute(module)
    if cls.__module__ != code:
        return cls
    new: Any = module
    for name in cls.__qualname__.split("."):
        new = getattr(new, name)
    return new


def _execute(module: ModuleType) -> None:
    """Load it again, from its source if it has one: a cached file may be older by a second."""
    loader = getattr(module.__spec__, "loader", None)
    if not isinstance(loader, SourceFileLoader):
        reload(module)
        return
    source = loader.get_data(loader.path)
    exec(loader.source_to_code(source, loader.path), vars(module))  # noqa: S102
    with suppress(OSError, NotImplementedError):  # others are to compile it anew as well
        os.remove(cache_from_source(loader.path))


def _tell(code: NewCode) -> None:
    """The launchers have it imported, and pass it on to all that they fork."""
    if isinstance(code, str):
        here.current().tell(STALE, code)
