"""Names of servers: local ones, and those that a registry of yours keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp import gen_server, process
from otp.errors import AlreadyStarted
from otp.gen_server import Ok
from otp.terms import Global, Via
from tests.expecting import expect, expect_nothing
from tests.servers import keeper, late_keeper
from tests.servers.counter import Counter
from tests.servers.witness import Told, Witness


def told(init: Callable[[Any], Any]) -> Told:
    return Told(process.self(), init=init)


def test_the_name_is_there_when_init_runs() -> None:
    server = gen_server.start(
        Witness, told(lambda told: (told.tell(process.whereis("early")), Ok(told))[1]), name="early"
    )
    assert expect() == (server,)
    process.exit(server, "kill")


@pytest.mark.parametrize(
    "start", [gen_server.start, gen_server.start_link, gen_server.start_monitor]
)
@pytest.mark.parametrize("name", ["taken", Via(keeper, "taken")], ids=["local", "via"])
def test_a_name_that_is_taken_starts_nothing(start: Callable[..., Any], name: Any) -> None:
    first = gen_server.start(Counter, 1, name=name)
    with pytest.raises(AlreadyStarted) as caught:
        start(Witness, told(lambda told: told.tell("init runs") or Ok(told)), name=name)
    assert caught.value.pid == first
    assert caught.value.reason == ("already_started", first)
    assert process.info(process.self())["links"] == []
    assert gen_server.call(name, "count") == 1
    gen_server.stop(name)
    expect_nothing()


def test_a_name_is_free_again_when_stop_has_returned() -> None:
    for _ in range(10):
        gen_server.start(Counter, 0, name="again")
        gen_server.stop("again")


def test_a_via_name_is_kept_by_its_registry() -> None:
    name = Via("tests.servers.keeper", ("any", "key"))
    server = gen_server.start_link(Counter, 3, name=name)
    assert keeper.whereis_name(("any", "key")) == server
    gen_server.cast(name, "one more")
    process.send(name, "another")
    assert gen_server.call(name, "count") == 5
    gen_server.stop(name)


def test_a_registry_that_refuses_in_the_last_moment_is_a_name_that_is_taken() -> None:
    """Between the look and the registration somebody else has taken the name."""
    me = process.self()
    keeper.register_name(me, me)
    with pytest.raises(AlreadyStarted) as caught:
        gen_server.start(Counter, 0, name=Via(late_keeper, me))
    assert caught.value.pid == me
    assert process.processes() == [me]


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        (Global("x"), NotImplementedError, "global names are not available yet; use a str"),
        ("", ValueError, "cannot be the name of a process"),
        ("undefined", ValueError, "cannot be the name of a process"),
        (7, TypeError, "a name is a str, not 7"),
        (b"kv", TypeError, "a name is a str, not b'kv'"),
    ],
    ids=repr,
)
def test_what_cannot_be_a_name_is_refused_in_the_caller(name, error, says) -> None:
    with pytest.raises(error, match=says):
        gen_server.start(Counter, 0, name=name)
    with pytest.raises(error, match=says):
        gen_server.start_link(Counter, 0, name=name)
