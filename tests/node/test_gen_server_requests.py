"""Requests whose response is taken later; calls and casts to all servers of a name."""

from __future__ import annotations

from pickle import PicklingError
from typing import Any

import pytest

from otp import gen_server, process
from otp.gen_server import NoReply, Reply, RequestIds
from otp.terms import Crash, From, Pid
from tests.expecting import expect, expect_nothing
from tests.servers import awkward, crasher, witness
from tests.servers.counter import Counter


def never(caller: From, state: Any) -> NoReply[Any]:
    """A request that tells its owner who waits, and is not answered."""
    state.tell(caller)
    return NoReply(state)


@pytest.fixture
def server() -> Any:
    pid = witness.start()
    yield pid
    process.exit(pid, "kill")


def test_a_response_is_taken_when_it_is_wanted() -> None:
    server = gen_server.start_link(Counter, 7)
    request = gen_server.send_request(server, "count")
    gen_server.cast(server, "one more")
    assert gen_server.call(server, "count") == 8
    assert gen_server.wait_response(request, 5) == ("reply", 7)
    expect_nothing()


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (lambda caller, state: crasher.signals(), "killed"),
        (lambda caller, state: crasher.raises(), Crash(ValueError("boom"))),
        (lambda caller, state: process.exit("normal"), "normal"),
    ],
    ids=["kill", "raise", "exit"],
)
def test_a_server_that_ends_is_an_error_response(request_: Any, reason: Any) -> None:
    server = witness.start()
    request = gen_server.send_request(server, request_)
    assert gen_server.wait_response(request, 5) == ("error", (reason, server))


def test_nobody_is_an_error_response_too() -> None:
    for server in ("nobody", Pid(7, "node-1-00000000")):
        request = gen_server.send_request(server, "x")
        assert gen_server.receive_response(request, 5) == ("error", ("noproc", server))


def test_what_cannot_be_sent_raises_at_once(server: Pid) -> None:
    with pytest.raises(PicklingError):
        gen_server.send_request(server, awkward.unpicklable())
    with pytest.raises(TypeError, match="a process is named by"):
        gen_server.send_request(12, "x")
    expect_nothing()


def test_after_a_wait_in_vain_one_may_wait_again(server: Pid) -> None:
    request = gen_server.send_request(server, never)
    (caller,) = expect(tuple)
    assert gen_server.wait_response(request, 0.01) == "timeout"
    gen_server.reply(caller, "at last")
    assert gen_server.wait_response(request, 5) == ("reply", "at last")


def test_after_a_receive_in_vain_the_response_is_dropped(server: Pid) -> None:
    request = gen_server.send_request(server, never)
    (caller,) = expect(tuple)
    assert gen_server.receive_response(request, 0.01) == "timeout"
    gen_server.reply(caller, "too late")
    expect_nothing()


def test_a_response_is_known_among_messages(server: Pid) -> None:
    request = gen_server.send_request(server, lambda caller, state: Reply("value", state))
    process.send(process.self(), "another message")
    messages = [expect(), expect()]
    checked = [gen_server.check_response(message, request) for message in messages]
    assert sorted(map(str, checked)) == ["('reply', 'value')", "no_reply"]


def test_a_collection_gives_the_first_that_came(server: Pid) -> None:
    ids = RequestIds()
    ids = gen_server.send_request(server, never, "slow", ids)
    ids = gen_server.send_request(server, lambda caller, state: Reply(1, state), "quick", ids)
    response, label, ids = gen_server.wait_response(ids, 5)
    assert (response, label) == (("reply", 1), "quick")
    (caller,) = expect(lambda message: isinstance(message[0], From))
    gen_server.reply(caller, 2)
    response, label, ids = gen_server.wait_response(ids, 5)
    assert (response, label) == (("reply", 2), "slow")
    assert gen_server.wait_response(ids, 5) == "no_request"


def test_a_request_belongs_to_who_has_sent_it(server: Pid) -> None:
    me, request = process.self(), gen_server.send_request(server, never)

    def waits() -> None:
        try:
            gen_server.wait_response(request, 0)
        except ValueError as error:
            process.send(me, str(error))

    process.spawn(waits)
    assert expect(str)


def test_all_servers_of_a_name_are_called() -> None:
    node = process.self().node
    assert gen_server.multi_call("everywhere", "count", 5) == ([], [node])
    gen_server.start_link(Counter, 3, name="everywhere")
    gen_server.abcast("everywhere", "one more")
    gen_server.abcast("nobody", "lost")
    assert gen_server.multi_call("everywhere", "count", 5) == ([(node, 4)], [])
    assert gen_server.multi_call("everywhere", "count", 5, nodes=[node, "other"]) == (
        [(node, 4)], ["other"],
    )  # fmt: skip
