"""What a supervisor writes into the log, for people and for programs.

The supervisor's first start callable is `listen`: it runs in the supervisor's own process, where it
sends all that is logged from then on to the test, and ignores its start.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from otp import gen_server, process, supervisor
from otp.errors import CallTimeout, Ignored, StartError, SupervisorError
from otp.supervisor import ChildSpec
from otp.terms import Crash, Pid
from tests.expecting import expect_down, flush
from tests.family import asked, children, end, ended, heard, kill, start, there
from tests.servers import worker
from tests.servers.worker import spec, template


class Listener(logging.Handler):
    def __init__(self, owner: Pid) -> None:
        super().__init__()
        self.owner = owner

    def emit(self, record: logging.LogRecord) -> None:
        said = {"level": record.levelname, "text": self.format(record)}
        process.send(self.owner, {**said, "report": getattr(record, "report", None)})


def listen(owner: Pid) -> Any:
    log = logging.getLogger("otp.supervisor")
    log.addHandler(Listener(owner))
    log.setLevel(logging.DEBUG)
    log.propagate = False
    raise Ignored


def logged(sup: Pid | None = None) -> list[dict[str, Any]]:
    """What was logged up to now, oldest first."""
    if sup is not None:
        supervisor.which_children(sup)
    return [news for news in flush() if isinstance(news, dict)]


def summary(logs: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (log["level"], log["report"]["label"], log["report"]["child"], log["report"]["reason"])
        for log in logs
    ]


def family(*children: ChildSpec, **flags: Any) -> Pid:
    ears = ChildSpec("ears", partial(listen, process.self()), restart="temporary")
    return start(ears, *children, **flags)


def test_each_start_is_reported_and_those_on_demand_for_the_curious() -> None:
    sup = family(spec("a"), spec("b"))
    kill("a")
    supervisor.terminate_child(sup, "b")
    supervisor.restart_child(sup, "b")
    supervisor.start_child(sup, spec("c"))
    assert summary(logged(sup)) == [
        ("INFO", "progress", "a", None),
        ("INFO", "progress", "b", None),
        ("ERROR", "child_terminated", "a", "killed"),
        ("INFO", "progress", "a", None),
        ("DEBUG", "progress", "b", None),
        ("DEBUG", "progress", "c", None),
    ]


def test_ends_are_reported_unless_they_were_to_be_expected() -> None:
    sup = family(
        spec("p"), spec("r", restart="transient"), spec("t", restart="temporary"), intensity=9
    )
    logged(sup)
    end("p", "normal")
    end("r", "normal")
    end("t", "normal")
    assert summary(logged(sup))[0] == ("ERROR", "child_terminated", "p", "normal")
    supervisor.restart_child(sup, "r")
    supervisor.start_child(sup, spec("t", restart="temporary"))
    logged(sup)
    end("r", "boom")
    end("t", "bang")
    assert summary(logged(sup)) == [
        ("ERROR", "child_terminated", "r", "boom"),
        ("INFO", "progress", "r", None),
        ("ERROR", "child_terminated", "t", "bang"),
    ]


def test_a_report_tells_all_about_the_child() -> None:
    child = spec("a", restart="transient", shutdown=2.0)
    sup = family(child, name="boss")
    pid = there("a")
    kill("a")
    _, ended, _ = logged(sup)
    assert ended["report"] == {
        "label": "child_terminated",
        "supervisor": "boss",
        "reason": "killed",
        "child": "a",
        "offender": {
            "pid": pid,
            "id": "a",
            "start": ended["report"]["offender"]["start"],
            "restart": "transient",
            "significant": False,
            "shutdown": 2.0,
            "kind": "worker",
        },
    }
    assert ended["text"] == f"supervisor boss: child 'a' ({pid}) ended: 'killed'"


def test_giving_up_is_reported_with_the_last_straw() -> None:
    sup = family(spec("a"), intensity=1, period=1000)
    logged(sup)
    end("a", "one")
    heard("terminate a 'one'", "init a")
    end("a", "two")
    assert ended(sup) == "shutdown"
    assert summary(logged()) == [
        ("ERROR", "child_terminated", "a", "one"),
        ("INFO", "progress", "a", None),
        ("ERROR", "child_terminated", "a", "two"),
        ("ERROR", "shutdown", "a", "reached_max_restart_intensity"),
    ]


def test_a_restart_that_fails_is_reported_at_each_try() -> None:
    sup = family(spec("a", again=("stop", "not yet")), intensity=2, period=1000)
    logged(sup)
    kill("a")
    assert ended(sup) == "shutdown"
    assert summary(logged()) == [
        ("ERROR", "child_terminated", "a", "killed"),
        ("ERROR", "start_error", "a", "not yet"),
        ("ERROR", "start_error", "a", "not yet"),
        ("ERROR", "shutdown", "a", "reached_max_restart_intensity"),
    ]


@pytest.mark.parametrize(
    ("child", "says"),
    [
        (partial(worker.returns, None), "its start returned None, which is no pid"),
        (process.self, "its start returned the pid of the supervisor itself"),
        (partial(worker.refuses, "bad config"), "was not started: 'bad config'"),
        (partial(worker.exits, "boom"), "its start exited with 'boom'"),
        (partial(worker.raises, KeyError, "config"), "its start raised KeyError('config')\n"),
    ],
    ids=repr,
)
def test_a_start_that_fails_is_explained(child, says) -> None:
    with pytest.raises(StartError):
        family(ChildSpec("c", child))
    (error,) = logged()
    assert error["report"]["label"] == "start_error"
    assert error["text"].startswith("supervisor <0.")
    assert "child 'c' was not started: " in error["text"]
    assert says in error["text"]


def test_where_a_start_raised_is_shown_with_its_traceback() -> None:
    with pytest.raises(StartError):
        family(ChildSpec("c", partial(worker.raises, KeyError, "config")))
    (error,) = logged()
    assert error["report"]["reason"] == ("EXIT", Crash(KeyError("config")))
    assert "in raises\n    raise error(*args)" in error["text"]


def test_a_start_that_somebody_asked_for_and_is_told_of_is_not_reported() -> None:
    sup = family()
    with pytest.raises(SupervisorError):
        supervisor.start_child(sup, spec("c", init=("stop", "no")))
    assert logged(sup) == []


def test_a_child_that_has_to_be_killed_is_reported() -> None:
    sup = family(spec("a", trap=True, holds=True, shutdown=0.05))
    logged(sup)
    supervisor.terminate_child(sup, "a")
    assert summary(logged(sup)) == [("ERROR", "shutdown_error", "a", "killed")]


def test_a_child_that_ended_by_itself_just_then_is_reported_with_its_own_reason() -> None:
    """The supervisor is busy while all this comes into its mailbox:

    1. the request to terminate a
    2. the news that a has ended by itself
    """
    sup = family(spec("a"), spec("b", again="ask"))
    heard("init a", "init b")
    kill("b")
    b = asked("b")
    with pytest.raises(CallTimeout):
        gen_server.call(sup, ("terminate_child", "a"), timeout=0)
    end("a", "boom")
    process.send(b, ("be", "ok"))
    assert children(sup) == [("b", b), ("a", None)]
    assert summary(logged(sup))[-1] == ("ERROR", "shutdown_error", "a", "boom")


def test_an_unexpected_message_is_reported() -> None:
    sup = family()
    process.send(sup, "how are you?")
    (said,) = logged(sup)
    assert said["text"] == f"supervisor {sup}: dropped an unexpected message: 'how are you?'"


def test_a_child_that_cannot_be_watched_is_a_warning_at_each_start() -> None:
    unlinked = ChildSpec("u", partial(worker.not_linked, "u", process.self()))
    sup = family(unlinked, spec("a"))
    heard("init u", "init a")
    u = there("u")
    warning, *more = logged(sup)
    assert warning["level"] == "WARNING"
    assert warning["report"]["label"] == "not_linked"
    assert warning["report"]["offender"]["pid"] == u
    start = f"supervisor {sup}: child 'u' ({u}) is not linked to its supervisor"
    assert warning["text"].startswith(start)
    assert "partial(kv.start_link, {})" in warning["text"]
    assert [log["report"]["label"] for log in more] == ["progress", "progress"]
    with pytest.raises(SupervisorError):
        supervisor.start_child(sup, unlinked)
    supervisor.start_child(sup, replace(unlinked, id="v", start=partial(worker.returns, u)))
    assert [log["report"]["label"] for log in logged(sup)] == ["not_linked", "progress"]


def test_a_child_that_ended_while_it_was_started_is_no_warning() -> None:
    dead, ref = process.spawn_monitor(int)
    expect_down(ref)
    sup = family(ChildSpec("dead", partial(worker.returns, dead)))
    assert [log["report"]["label"] for log in logged(sup)] == ["progress"]


def test_instances_report_no_progress_and_one_line_for_many_that_had_to_be_killed() -> None:
    child = template(trap=True, holds=True, shutdown=0.05)
    listening = replace(child, start=partial(_listen_or_start, process.self(), child.start))
    sup = start(listening, strategy="simple_one_for_one")
    for id in ("ears", "a", "b", "c"):
        supervisor.start_child(sup, [id])
    assert logged(sup) == []
    supervisor.stop(sup)
    (error,) = logged()
    assert summary([error]) == [("ERROR", "shutdown_error", "template", "killed")]
    assert error["report"]["offender"]["children"] == 3
    assert "3 children 'template' did not stop as told: 'killed'" in error["text"]


def _listen_or_start(owner: Pid, begin: Callable[[Any], Any], id: Any) -> Any:
    return listen(owner) if id == "ears" else begin(id)
