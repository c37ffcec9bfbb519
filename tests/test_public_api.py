"""The public surface: what there is, where it lives, and that it is documented and typed.

The tables name what users rely on: a parameter that is renamed, reordered or given another default
breaks their programs, and fails here first.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import pytest

import otp
from otp import errors

PROCESS = {
    "spawn": "(function, /, *args, **kwargs)",
    "spawn_link": "(function, /, *args, **kwargs)",
    "spawn_monitor": "(function, /, *args, **kwargs)",
    "send": "(dest, message)",
    "receive": "(match=None, timeout=None)",
    "self": "()",
    "link": "(pid)",
    "unlink": "(pid)",
    "monitor": "(server, alias=None)",
    "demonitor": "(ref, flush=False)",
    "alias": "(option='explicit_unalias')",
    "unalias": "(alias)",
    "trap_exit": "(on=True)",
    "is_alive": "(pid)",
    "processes": "()",
    "info": "(pid)",
    "register": "(name, pid)",
    "unregister": "(name)",
    "whereis": "(name)",
    "registered": "()",
    "send_after": "(seconds, dest, message)",
    "start_timer": "(seconds, dest, message)",
    "cancel_timer": "(ref)",
    "read_timer": "(ref)",
}
NODE = {"start": "(*, name=None, preload=())", "stop": "()", "current": "()"}
START = "(cls, arg, *, name=None, timeout=None, hibernate_after=None)"
GEN_SERVER = {
    "start": START,
    "start_link": START,
    "start_monitor": START,
    "call": "(server, request, timeout=5.0)",
    "cast": "(server, request)",
    "reply": "(caller, value)",
    "stop": "(server, reason='normal', timeout=None)",
    "enter_loop": "(cls, state, *, name=None, timeout=None, hibernate_after=None)",
    "send_request": "(server, request, label=None, ids=None)",
    "wait_response": "(request, timeout=None, delete=True)",
    "receive_response": "(request, timeout=None, delete=True)",
    "check_response": "(message, request, delete=True)",
    "multi_call": "(name, request, timeout=None, *, nodes=None)",
    "abcast": "(name, request, *, nodes=None)",
    "GenServer.init": "(self, arg, /)",
    "GenServer.handle_call": "(self, request, caller, state)",
    "GenServer.handle_cast": "(self, request, state)",
    "GenServer.handle_info": "(self, message, state)",
    "GenServer.handle_continue": "(self, then, state)",
    "GenServer.terminate": "(self, reason, state)",
    "GenServer.code_change": "(self, old_version, state, extra)",
    "GenServer.format_status": "(self, status)",
}
SYSTEM = {
    "get_state": "(server, timeout=5.0)",
    "replace_state": "(server, replace, timeout=5.0)",
    "get_status": "(server, timeout=5.0)",
    "suspend": "(server, timeout=5.0)",
    "resume": "(server, timeout=5.0)",
    "change_code": "(server, code, old_version=None, extra=None, timeout=5.0)",
    "terminate": "(server, reason, timeout=5.0)",
    "log": "(server, flag='get', timeout=5.0)",
    "statistics": "(server, flag='get', timeout=5.0)",
    "trace": "(server, on=True, timeout=5.0)",
    "install": "(server, hook, state=None, *, id=None, timeout=5.0)",
    "remove": "(server, id, timeout=5.0)",
    "no_debug": "(server, timeout=5.0)",
}
PROC_LIB = {
    "start": "(function, *args, timeout=None)",
    "start_link": "(function, *args, timeout=None)",
    "start_monitor": "(function, *args, timeout=None)",
    "init_ack": "(value=None)",
    "init_fail": "(reason, exit_reason='normal')",
    "ancestors": "()",
    "spawn": "(function, /, *args, **kwargs)",
    "spawn_link": "(function, /, *args, **kwargs)",
    "spawn_monitor": "(function, /, *args, **kwargs)",
    "stop": "(server, reason='normal', timeout=None)",
}
SUPERVISOR = {
    "start_link": "(children, *, strategy='one_for_one', intensity=1, period=5.0,"
    " auto_shutdown='never', name=None)",
    "ChildSpec": "(id, start, restart='permanent', shutdown=<5.0, or 'infinity' for a supervisor>,"
    " kind='worker', significant=False)",
    "ChildInfo": "(id, pid, kind)",
    "terminate_child": "(sup, id)",
    "restart_child": "(sup, id)",
    "delete_child": "(sup, id)",
    "get_child_spec": "(sup, id)",
    "which_children": "(sup)",
    "count_children": "(sup)",
    "stop": "(sup, reason='normal', timeout=None)",
}
TERMS = {
    "Pid": "(id, node)",
    "Ref": "(id, owner)",
    "From": "(pid, tag)",
    "Down": "(ref, pid, reason)",
    "Exit": "(pid, reason)",
    "Timeout": "(ref=None, message=None)",
    "Shutdown": "(why=None)",
    "Crash": "(exception, traceback='')",
    "Signal": "(name)",
    "ExitStatus": "(code)",
    "Via": "(module, key)",
}
SURFACE = {
    f"{module}.{name}": signature
    for module, table in {
        "process": PROCESS,
        "node": NODE,
        "gen_server": GEN_SERVER,
        "proc_lib": PROC_LIB,
        "supervisor": SUPERVISOR,
        "system": SYSTEM,
        "terms": TERMS,
    }.items()
    for name, signature in table.items()
}
ERRORS = {
    "OtpError": Exception,
    "CallError": errors.OtpError,
    "NoProcess": errors.CallError,
    "ServerDied": errors.CallError,
    "CallTimeout": (errors.CallError, TimeoutError),
    "CallsItself": errors.CallError,
    "StartError": errors.OtpError,
    "AlreadyStarted": errors.StartError,
    "StartTimeout": errors.StartError,
    "Ignored": errors.StartError,
    "SupervisorError": errors.OtpError,
    "BadReturn": errors.OtpError,
    "NodeDown": errors.OtpError,
    "ProcessExit": BaseException,
}
INNER = {"gen"}  # flat, but for behaviours: what they share


def flat_modules() -> set[str]:
    """What lies beside otp/__init__.py, and is a module."""
    return {path.stem for path in Path(otp.__file__).parent.glob("[a-z]*.py")}


MODULES = {name: import_module(f"otp.{name}") for name in otp.__all__ if name in flat_modules()}


def own_names(module: ModuleType) -> list[str]:
    """The public names of a module that it does not merely import."""
    names: list[str] = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]
    return names


def is_ours(value: object) -> bool:
    return callable(value) and getattr(value, "__module__", "").startswith("otp.")


def documented() -> Iterator[tuple[str, Any]]:
    """Every public function and class, and the methods that the classes define, by name."""
    for module in MODULES.values():
        for name in own_names(module):
            value = getattr(module, name)
            if not is_ours(value):
                continue
            yield f"{module.__name__}.{name}", value
            if isinstance(value, type):
                yield from methods(f"{module.__name__}.{name}", value)


def methods(name: str, cls: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for attribute, method in vars(cls).items():
        if not attribute.startswith("_") and inspect.isfunction(method):
            yield f"{name}.{attribute}", method


def signature_of(value: Callable[..., Any]) -> str:
    """The parameters as they are called: names and defaults, without types."""
    parameters = inspect.signature(value).parameters.values()
    bare = [parameter.replace(annotation=parameter.empty) for parameter in parameters]
    return str(inspect.Signature(bare))


def named(dotted: str) -> Any:
    module, *names = dotted.split(".")
    value: Any = MODULES[module]
    for name in names:
        value = getattr(value, name)
    return value


EVERYTHING = dict(documented())


def test_all_modules_are_named_in_order() -> None:
    assert otp.__all__ == sorted(otp.__all__)
    assert set(otp.__all__) == flat_modules() - INNER


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda module: module.__name__)
def test_public_names_exist_and_are_named_once(module: ModuleType) -> None:
    names = own_names(module)
    assert len(set(names)) == len(names)
    assert all(hasattr(module, name) for name in names)


def test_each_name_lives_in_one_place() -> None:
    homes: dict[int, list[str]] = {}
    for name, value in EVERYTHING.items():
        homes.setdefault(id(value), []).append(name)
    assert not [names for names in homes.values() if len(names) > 1]


@pytest.mark.parametrize(("name", "signature"), SURFACE.items(), ids=SURFACE)
def test_the_surface_is_what_users_rely_on(name: str, signature: str) -> None:
    assert signature_of(named(name)) == signature


@pytest.mark.parametrize(("name", "bases"), ERRORS.items(), ids=ERRORS)
def test_the_errors_are_a_tree(name: str, bases: type | tuple[type, ...]) -> None:
    kind = getattr(errors, name)
    assert set(kind.__bases__) == {*(bases if isinstance(bases, tuple) else (bases,))}


def test_an_exit_is_no_error() -> None:
    assert not issubclass(errors.ProcessExit, Exception)


@pytest.mark.parametrize("name", EVERYTHING)
def test_the_public_edge_is_documented(name: str) -> None:
    text = EVERYTHING[name].__doc__ or ""
    assert text
    assert not text.startswith(f"{EVERYTHING[name].__name__}("), "made by dataclass"


@pytest.mark.parametrize("name", EVERYTHING)
def test_the_public_edge_is_typed(name: str) -> None:
    value = EVERYTHING[name]
    if isinstance(value, type):
        return
    parameters = inspect.signature(value).parameters
    untyped = {
        parameter.name
        for parameter in parameters.values()
        if parameter.name not in ("self", "cls") and parameter.annotation is parameter.empty
    }
    assert not untyped
    assert "return" in get_type_hints(value)
