"""What is said in the log: for which ends, in which order, with what in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from otp import gen_server, process
from otp.errors import StartError
from otp.gen_server import GenServer, Ignore, Ok, Reply, Stop
from otp.terms import Crash, Pid, Shutdown
from tests.expecting import expect, expect_down, expect_nothing
from tests.servers import awkward, crasher, reporter
from tests.servers.reporter import Logged
from tests.servers.witness import Told, Witness


def logging_witness(init: Callable[[Any], Any] = Ok) -> Pid:
    """Started without a link; what it logs comes to us."""

    def logs(told: Any) -> Any:
        reporter.install(told.owner)
        return init(told)

    return gen_server.start(Witness, Told(process.self(), init=logs), name="witness")


def ended(server: Pid, act: Callable[[Any], Any]) -> Any:
    """It does that in a cast; the reason for which it ends."""
    ref = process.monitor(server)
    gen_server.cast(server, act)
    expect(lambda message: message[0] == "terminate")
    return expect_down(ref)


@pytest.mark.parametrize("reason", ["normal", "shutdown", Shutdown("upgrade")])
def test_an_orderly_end_is_no_report(reason: Any) -> None:
    ended(logging_witness(), lambda state: Stop(reason, state))
    gen_server.stop(logging_witness(), reason)
    expect(lambda message: message[0] == "terminate")
    expect_nothing()


ENDS: dict[str, tuple[Callable[[Pid], Any], Any]] = {
    "Stop": (lambda pid: gen_server.cast(pid, lambda state: Stop("boom", state)), "boom"),
    "stop": (lambda pid: gen_server.stop(pid, "boom"), "boom"),
    "exit": (lambda pid: gen_server.cast(pid, lambda state: process.exit("boom")), "boom"),
    "raise": (
        lambda pid: gen_server.cast(pid, lambda state: crasher.raises()),
        Crash(ValueError("boom")),
    ),
    "bad result": (
        lambda pid: gen_server.cast(pid, lambda state: None),
        ("bad_return_value", None),
    ),
}


@pytest.mark.parametrize(("end", "reason"), ENDS.values(), ids=ENDS)
def test_any_other_end_is_two_reports(end: Callable[[Pid], Any], reason: Any) -> None:
    server = logging_witness()
    ref = process.monitor(server)
    end(server)
    assert expect() == ("terminate", reason)
    terminating, crashed = expect(), expect()
    assert expect_down(ref) == reason
    assert (terminating.logger, terminating.level) == ("otp.gen_server", "ERROR")
    assert (crashed.logger, crashed.level) == ("otp.process", "ERROR")
    assert terminating.report["reason"] == crashed.report["reason"] == reason
    assert crashed.report["pid"] == server
    expect_nothing()


def test_the_first_report_reads_like_a_story() -> None:
    ended(logging_witness(), lambda state: crasher.raises("the roof"))
    first, second = expect(Logged).text, expect(Logged).text
    assert first.splitlines()[0] == "Witness 'witness' terminating: Crash(ValueError('the roof'))"
    assert "  last message: ('$gen_cast', <function" in first
    assert "  state: <tests.servers.witness.Told object" in first
    assert "tests.servers.witness.Witness.init" in second
    assert second.endswith("ValueError: the roof")


def test_a_call_is_reported_with_its_client() -> None:
    server = logging_witness()
    me = process.self()
    _, ref = process.spawn_monitor(
        lambda: (
            process.send(me, process.self())
            or gen_server.call(server, partial(crasher.request, "x"))
        )
    )
    client = expect(Pid)
    expect_down(ref)
    report = expect(Logged)
    assert f"  client: {client!r}" in report.text
    assert report.report["client"].pid == client


@pytest.mark.parametrize("kind", ["call", "cast", "message"])
def test_the_last_message_is_shown_as_it_came(kind: str) -> None:
    class Fails(GenServer[Any]):
        def init(self, owner):
            reporter.install(owner)
            return Ok(owner)

        def handle_call(self, request, caller, state):
            raise ValueError(request)

        handle_info = handle_cast = lambda self, message, state: crasher.raises(message)

    server, ref = gen_server.start_monitor(Fails, process.self())
    acts = {
        "call": lambda: process.spawn(gen_server.call, server, "the request"),
        "cast": lambda: gen_server.cast(server, "the request"),
        "message": lambda: process.send(server, "the request"),
    }
    acts[kind]()
    wanted = ("$gen_cast", "the request") if kind == "cast" else "the request"
    assert expect(Logged).report["last_message"] == wanted
    expect_down(ref)


def test_nothing_is_said_of_who_is_killed() -> None:
    for act in (crasher.signals, lambda: process.exit(process.self(), "kill")):
        server = logging_witness()
        ref = process.monitor(server)
        gen_server.cast(server, lambda state, act=act: act())
        assert expect_down(ref) == "killed"
    expect_nothing()


def test_nothing_is_said_of_an_exit_signal_that_is_not_trapped() -> None:
    server = logging_witness()
    ref = process.monitor(server)
    process.exit(server, "boom")
    assert expect_down(ref) == "boom"
    expect_nothing()


# ---- a failing init


@pytest.mark.parametrize(
    ("result", "reports"),
    [
        (lambda: Stop("boom"), 1),
        (crasher.raises, 1),
        (lambda: process.exit("boom"), 1),
        (lambda: "nonsense", 1),
        (lambda: Stop("normal"), 0),
        (lambda: Stop(Shutdown("x")), 0),
        (Ignore, 0),
        (lambda: ("error", "politely"), 0),
    ],
    ids=["stop", "raise", "exit", "nonsense", "normal", "shutdown", "ignore", "error"],
)
def test_a_failing_init_is_one_report_of_a_crash(result: Callable[[], Any], reports: int) -> None:
    with pytest.raises(StartError):
        logging_witness(lambda told: result())
    assert [expect(Logged).logger for _ in range(reports)] == ["otp.process"] * reports
    expect_nothing()


# ---- format_status


def test_format_status_decides_what_a_report_shows() -> None:
    class Secret(GenServer[Any]):
        def init(self, owner):
            reporter.install(owner)
            return Ok({"owner": owner, "password": "hunter2"})

        def format_status(self, status):
            hidden = {"state": "hidden", "message": "hidden too", "reason": "unsaid"}
            return {key: hidden.get(key, value) for key, value in status.items()}

        def handle_cast(self, request, state):
            return Stop(("wrong", request), state)

    server, ref = gen_server.start_monitor(Secret, process.self())
    gen_server.cast(server, "password is hunter2")
    report = expect(Logged)
    assert "hunter2" not in report.text
    assert (report.report["state"], report.report["last_message"]) == ("hidden", "hidden too")
    assert expect_down(ref) == ("wrong", "password is hunter2")


def test_a_state_that_cannot_be_shown_is_no_obstacle() -> None:
    class Odd(GenServer[Any]):
        def init(self, owner):
            reporter.install(owner)
            return Ok([awkward.Unshowable(), "x" * 100_000])

        def handle_cast(self, request, state):
            return Stop("boom", state)

    server, ref = gen_server.start_monitor(Odd, process.self())
    gen_server.cast(server, "x" * 100_000)
    assert len(expect(Logged).text) < 10_000
    assert expect_down(ref) == "boom"


# ---- what else is said


def test_a_message_that_nobody_handles_is_a_warning() -> None:
    class Bare(GenServer[Any]):
        def init(self, owner):
            reporter.install(owner)
            return Ok(owner)

        def handle_call(self, request, caller, state):
            return Reply("alive", state)

    server = gen_server.start_link(Bare, process.self())
    process.send(server, "out of the blue")
    warning = expect(Logged)
    assert (warning.logger, warning.level) == ("otp.gen_server", "WARNING")
    assert "Bare" in warning.text
    assert "out of the blue" in warning.text
    assert gen_server.call(server, "?") == "alive"


def test_a_crash_of_a_plain_process_is_said_and_its_exit_is_not() -> None:
    me = process.self()

    def ends(end):
        reporter.install(me)
        end()

    _, ref = process.spawn_monitor(ends, crasher.raises)
    report = expect(Logged)
    assert (report.logger, report.level) == ("otp.process", "ERROR")
    assert "ValueError: boom" in report.text
    assert expect_down(ref) == Crash(ValueError("boom"))
    for end in (partial(crasher.exits, "boom"), crasher.returns, partial(crasher.leaves, 3)):
        _, ref = process.spawn_monitor(ends, end)
        expect_down(ref)
    expect_nothing()
