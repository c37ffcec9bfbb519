"""How the tests of the supervisor watch a family of `tests.servers.worker`s.

What the workers tell is read as lines: "init a", "terminate a 'shutdown'". A worker has told before
it acknowledges its start and before it dies, and the supervisor takes the next step only then, so
the order of the lines is the order of the steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from otp import gen_server, process, supervisor
from otp.errors import SupervisorError
from otp.supervisor import ChildSpec
from otp.terms import Exit, Pid
from tests.expecting import expect, expect_down, expect_nothing


def start(*children: ChildSpec, **flags: Any) -> Pid:
    """A supervisor of the calling test, which traps exits."""
    process.trap_exit()
    return supervisor.start_link(children, **flags)


def heard(*lines: str) -> list[Pid]:
    """The next news are these, in this order; who told them."""
    __tracebackhide__ = True
    news = [expect(lambda message: isinstance(message, tuple)) for _ in lines]
    assert [_line(*told) for told in news] == list(lines)
    return [told[2] for told in news]


def heard_in_any_order(*lines: str) -> None:
    __tracebackhide__ = True
    news = [expect(lambda message: isinstance(message, tuple)) for _ in lines]
    assert sorted(_line(*told) for told in news) == sorted(lines)


def _line(what: str, id: Any, pid: Pid, *reason: Any) -> str:
    return " ".join([what, str(id), *map(repr, reason)])


def asked(id: Any) -> Pid:
    """The worker that has begun to start, and waits for "be"."""
    __tracebackhide__ = True
    (pid,) = heard(f"init {id}")
    return pid


def be(id: Any, how: Any) -> None:
    """Tell the worker that has begun to start how to go on."""
    __tracebackhide__ = True
    process.send(asked(id), ("be", how))


def between_tries(id: Any, function: Callable[..., Any], *args: Any) -> Any:
    """What a call returns, or is refused with, while each restart of this worker fails."""
    process.spawn(_call_and_tell, process.self(), function, args)
    while True:
        news = expect(lambda message: isinstance(message, tuple))
        if news[0] == "answer":
            return news[1]
        assert news[:2] == ("init", id)
        process.send(news[2], ("be", ("stop", "not yet")))


def _call_and_tell(client: Pid, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        process.send(client, ("answer", function(*args)))
    except SupervisorError as error:
        process.send(client, ("answer", error.reason))


def end(server: Pid | str, reason: Any) -> None:
    """Let a worker stop for this reason; returns when it is dead.

    Its supervisor has the news in its mailbox then, before all that we ask it from now on.
    """
    __tracebackhide__ = True
    pid = server if isinstance(server, Pid) else there(server)
    ref = process.monitor(pid)
    gen_server.cast(pid, ("stop", reason))
    assert expect_down(ref) == reason


def kill(server: Pid | str) -> None:
    pid = server if isinstance(server, Pid) else there(server)
    ref = process.monitor(pid)
    process.exit(pid, "kill")
    assert expect_down(ref) == "killed"


def there(name: str) -> Pid:
    pid = process.whereis(name)
    assert pid is not None, f"there is no {name}"
    return pid


def children(sup: Pid) -> list[tuple[Any, Any]]:
    return [(child.id, child.pid) for child in supervisor.which_children(sup)]


def pids(sup: Pid) -> dict[Any, Any]:
    return dict(children(sup))


def ended(sup: Pid) -> Any:
    """The reason for which the supervisor has ended."""
    __tracebackhide__ = True
    return expect(lambda message: isinstance(message, Exit) and message.pid == sup).reason


def all_quiet(sup: Pid) -> None:
    """The supervisor has done all that it was to do, and there are no further news."""
    __tracebackhide__ = True
    supervisor.which_children(sup)
    expect_nothing()
