"""New code for a running server: its module is loaded from disk again, in its process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from otp import gen_server, process, supervisor, system
from otp.errors import ServerDied
from otp.supervisor import ChildSpec
from otp.system import SystemError
from otp.terms import Crash, Pid

VERSION_1 = """
from otp.gen_server import GenServer, NoReply, Ok, Reply

class Shop(GenServer):
    def init(self, arg):
        return Ok(["v1", arg])

    def handle_call(self, request, caller, state):
        return Reply((1, state), state)
"""
VERSION_2 = VERSION_1.replace("v1", "v2").replace("(1, state)", "(2, state)")
MIGRATES = """
    def code_change(self, old_version, state, extra):
        return Ok([*state, old_version, extra])
"""
REFUSES = """
    def code_change(self, old_version, state, extra):
        return ("error", "not today")
"""
RAISES = """
    def code_change(self, old_version, state, extra):
        raise ValueError("what a state")
"""

Write = Callable[[str], ModuleType]
numbers = count(1)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Put this code on disk, as a module that can be imported and that no other test has."""
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"shop_{next(numbers)}"

    def code(text: str) -> ModuleType:
        (tmp_path / f"{name}.py").write_text(text)
        return import_module(name)

    yield code
    sys.modules.pop(name, None)


def started(shop: ModuleType) -> Pid:
    return gen_server.start_link(shop.Shop, "arg")


def change(server: Pid | str, code: Any, old_version: Any = None, extra: Any = None) -> None:
    system.suspend(server)
    try:
        system.change_code(server, code, old_version, extra)
    finally:
        system.resume(server)


def test_the_server_goes_on_with_the_code_on_disk_and_the_state_that_it_makes(
    write: Write,
) -> None:
    server = started(write(VERSION_1))
    os_pid = (process.info(server) or {})["os_pid"]
    shop = write(VERSION_2 + MIGRATES)
    change(server, shop, "1.0", {"more": True})
    state = ["v1", "arg", "1.0", {"more": True}]
    assert gen_server.call(server, "?") == (2, state)
    assert (process.info(server) or {})["os_pid"] == os_pid


@pytest.mark.parametrize(
    "name_it",
    [lambda shop: shop, lambda shop: shop.Shop, lambda shop: shop.__name__],
    ids=["module", "class", "name"],
)
def test_the_module_is_named_by_itself_by_its_class_or_by_its_name(
    write: Write, name_it: Callable[[ModuleType], Any]
) -> None:
    server = started(write(VERSION_1))
    change(server, name_it(write(VERSION_2)))
    assert gen_server.call(server, "?") == (2, ["v1", "arg"])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (VERSION_2 + REFUSES, ("error", "not today")),
        (VERSION_2 + RAISES, ("EXIT", Crash(ValueError("what a state")))),
        (VERSION_2 + "\nraise OSError('half a module')", ("EXIT", Crash(OSError("half a module")))),
    ],
    ids=["refused", "raised", "no module"],
)
def test_what_fails_changes_nothing(write: Write, code: str, reason: Any) -> None:
    server = started(write(VERSION_1))
    shop = write(code)
    with pytest.raises(SystemError) as error:
        change(server, shop)
    assert error.value.reason == reason
    assert gen_server.call(server, "?") == (1, ["v1", "arg"])


def test_a_module_with_a_syntax_error_changes_nothing(write: Write) -> None:
    server = started(write(VERSION_1))
    shop = write(VERSION_2 + "    def")
    with pytest.raises(SystemError) as error:
        change(server, shop)
    assert isinstance(error.value.__cause__, SyntaxError)
    assert gen_server.call(server, "?") == (1, ["v1", "arg"])


def test_a_server_that_is_not_suspended_refuses(write: Write) -> None:
    server = started(write(VERSION_1))
    with pytest.raises(SystemError) as error:
        system.change_code(server, write(VERSION_2), 1, 2)
    assert error.value.reason[0] == "unknown_system_msg"


def test_what_waits_meanwhile_is_served_by_the_new_code(write: Write) -> None:
    server = started(write(VERSION_1))
    system.suspend(server)
    waiting = gen_server.send_request(server, "?")
    system.change_code(server, write(VERSION_2))
    assert gen_server.wait_response(waiting, 0.0) == "timeout"
    system.resume(server)
    assert gen_server.wait_response(waiting, 5.0) == ("reply", (2, ["v1", "arg"]))


def test_a_restart_runs_the_new_code_too(write: Write) -> None:
    shop = write(VERSION_1)
    start = partial(gen_server.start_link, shop.Shop, "arg", name="changing")
    supervisor.start_link([ChildSpec("shop", start)])
    before = process.whereis("changing")
    assert before is not None
    change("changing", write(VERSION_2))
    process.exit(before, "kill")
    assert answer_of_the_next("changing", before) == (2, ["v2", "arg"])


def answer_of_the_next(name: str, before: Pid) -> Any:
    """What the restarted server says, once it is there."""
    while process.whereis(name) in (None, before):
        process.is_alive(process.self())
    try:
        return gen_server.call(name, "?")
    except ServerDied:
        return answer_of_the_next(name, before)
