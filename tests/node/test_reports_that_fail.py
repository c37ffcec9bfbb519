"""Reports of what cannot be shown, to a log that fails: the end stays what it was, and is told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from otp import gen_server, process, supervisor
from otp.errors import ProcessExit, ServerDied, StartError
from otp.gen_server import GenServer, Ok, Reply, Stop
from otp.supervisor import ChildSpec
from otp.terms import Crash, Exit, Pid, Shutdown
from tests.expecting import expect, expect_down, flush
from tests.family import children, ended, heard, kill, start
from tests.servers import bad_handlers, reporter, worker
from tests.servers.awkward import Faceless, Unshowable
from tests.servers.worker import spec

KINDS = [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, ProcessExit]


def throw(raised: BaseException) -> Any:
    raise raised


# ---- what cannot be shown

SHY = pytest.mark.parametrize("raises", [ValueError, SystemExit, KeyboardInterrupt, RecursionError])


def shy(result: Callable[[type[BaseException]], Any]) -> Callable[..., Any]:
    return lambda raises, caller, state: result(raises)


ENDS: list[Any] = [
    (shy(lambda raises: throw(Faceless(raises))), lambda raises: Crash(Faceless(raises))),
    (shy(lambda raises: Stop(Unshowable(raises), 1)), Unshowable),
    (shy(lambda raises: Stop("x", Unshowable(raises))), lambda raises: "x"),
    (shy(Unshowable), lambda raises: ("bad_return_value", Unshowable(raises))),
]


@SHY
@pytest.mark.parametrize(("request_", "reason"), ENDS, ids=["raise", "stop", "state", "result"])
def test_the_reason_is_told_however_hard_it_is_to_show(request_, reason, raises) -> None:
    process.trap_exit()
    server = gen_server.start_link(Shy, process.self())
    with pytest.raises(ServerDied) as died:
        gen_server.call(server, partial(request_, raises))
    assert died.value.reason == reason(raises)
    assert str(died.value).startswith(f"{server!r} died before it answered")
    assert expect(Exit).reason == reason(raises)
    assert [news.logger for news in flush()] == ["otp.gen_server", "otp.process"]


class Shy(GenServer[Any]):
    def init(self, owner: Pid) -> Ok[Any]:
        reporter.install(owner)
        return Ok(owner)

    def handle_call(self, request: Any, caller: Any, state: Any) -> Any:
        return request(caller, state)


@SHY
def test_what_a_supervisor_says_of_a_reason_that_cannot_be_shown(raises) -> None:
    bad = partial(worker.refuses, Unshowable(raises))
    with pytest.raises(StartError) as failed:
        start(ChildSpec("bad", bad))
    assert failed.value.reason == Shutdown(("failed_to_start_child", "bad", Unshowable(raises)))
    sup = start(spec("a"))
    heard("init a")
    gen_server.cast("a", ("stop", Unshowable(raises)))
    assert expect(tuple)[3] == Unshowable(raises)
    heard("init a")
    assert [id for id, _ in children(sup)] == ["a"]


# ---- logging that fails


@pytest.mark.parametrize("fails", bad_handlers.WAYS)
@pytest.mark.parametrize("kind", [RecursionError, *KINDS])
def test_a_log_that_fails_changes_no_end(fails, kind) -> None:
    server, ref = gen_server.start_monitor(Talkative, partial(fails, kind))
    process.send(server, "a message that it logs and drops")
    assert gen_server.call(server, lambda state: Reply("alive", state)) == "alive"
    last = gen_server.call(server, lambda state: Stop("enough", state, "the last reply"))
    assert last == "the last reply"
    assert expect_down(ref) == "enough"


class Talkative(GenServer[Any]):
    def init(self, prepare: Callable[[], Any]) -> Ok[Any]:
        prepare()
        return Ok(None)

    def handle_call(self, request: Any, caller: Any, state: Any) -> Any:
        return request(state)


@pytest.mark.parametrize("fails", bad_handlers.WAYS)
@pytest.mark.parametrize("kind", [RecursionError, *KINDS])
def test_a_log_that_fails_ends_no_supervisor(fails, kind) -> None:
    me = process.self()

    def first() -> Pid:
        fails(kind)
        return worker.start_link("first", me)

    sup = start(ChildSpec("first", first), spec("a"))
    first_one, a = heard("init first", "init a")
    process.send(sup, "a message that it logs and drops")
    kill(a)
    heard("init a")
    assert dict(children(sup))["first"] == first_one
    supervisor.stop(sup)
    assert ended(sup) == "normal"


def test_what_a_log_has_raised_is_said_on_standard_error(tmp_path) -> None:
    errors = tmp_path / "errors"

    def prepare() -> None:
        sys.stderr = errors.open("w")
        bad_handlers.handler(SystemExit)

    server, ref = gen_server.start_monitor(Talkative, prepare)
    gen_server.stop(server, "boom")
    assert expect_down(ref) == "boom"
    said = errors.read_text()
    assert "SystemExit: in a handler" in said
    assert "raised by a handler of otp.gen_server: Talkative" in said
