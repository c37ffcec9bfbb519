"""Guarantee 7 for all that one can be sent: whatever refuses to load, its receiver goes on.

The receiver is a `Witness`. Each way is tried with a value that raises an error and with one that
wants to end the interpreter, short and by parcel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp import gen_server, node, process, system
from otp.errors import BadRequest, CallError
from otp.gen_server import Reply
from otp.terms import Crash, Pid
from tests.expecting import expect, expect_down, expect_nothing
from tests.footprint import parcels
from tests.servers import awkward, witness

VALUES = pytest.mark.parametrize("value", [awkward.Unreadable, awkward.EndsTheInterpreter],
                                 ids=["raises", "exits"])  # fmt: skip
SIZES = pytest.mark.parametrize("padding", [b"", bytes(100_000)], ids=["short", "long"])


def replies(kind: Callable[..., Any], *args: Any) -> Callable[..., Reply[Any]]:
    """A request to reply with such a value, which is made by the server."""
    return lambda caller, state: Reply(kind(*args), state)


def asks(ask: Callable[[Pid, Any], Any]) -> Callable[[Pid, Any], None]:
    """What has an answer is answered with an error."""

    def refused(server: Pid, value: Any) -> None:
        with pytest.raises(BadRequest) as caught:
            ask(server, value)
        assert isinstance(caught.value.reason, Crash)

    return refused


def by_alias(server: Pid, value: Any) -> None:
    process.send(
        gen_server.call(server, lambda caller, state: Reply(process.alias(), state)), value
    )


def by_request(server: Pid, value: Any) -> None:
    request = gen_server.send_request(server, value)
    kind, (reason, _) = gen_server.receive_response(request, 5.0)
    assert (kind, type(reason)) == ("error", Crash)


WAYS: dict[str, Callable[[Pid, Any], Any]] = {
    "a message": process.send,
    "a message by an alias": by_alias,
    "a message of a timer": lambda server, value: process.send_after(0, server, value),
    "a timeout": lambda server, value: process.start_timer(0, server, value),
    "a cast": gen_server.cast,
    "a call": asks(gen_server.call),
    "a request": by_request,
    "a system request": asks(
        lambda server, value: system.change_code(server, "module", "1", value)
    ),
}


@SIZES
@VALUES
@pytest.mark.parametrize("way", WAYS)
def test_what_cannot_be_loaded_never_kills_the_receiver(
    way: str, value: Any, padding: bytes
) -> None:
    server = witness.start()
    WAYS[way](server, value(padding))
    process.send_after(0, server, "next")
    assert expect() == ("info", "next")
    assert gen_server.call(server, replies(str, "alive")) == "alive"
    assert parcels(node.current().directory) == []
    process.exit(server, "kill")
    expect_nothing()


# ---- the answers to calls


@SIZES
@VALUES
def test_a_reply_that_cannot_be_loaded_is_an_error_of_the_call(
    value: type[awkward.Unreadable], padding: bytes
) -> None:
    server = witness.start()
    with pytest.raises(CallError) as caught:
        gen_server.call(server, replies(value, padding))
    assert type(caught.value) is CallError
    assert isinstance(caught.value.reason, Crash)
    assert gen_server.call(server, replies(str, "alive")) == "alive"
    process.exit(server, "kill")


@SIZES
@VALUES
def test_a_reply_that_cannot_be_loaded_is_the_end_of_its_request(
    value: Any, padding: bytes
) -> None:
    server = witness.start()
    request = gen_server.send_request(server, replies(value, padding))
    kind, (reason, _) = gen_server.receive_response(request, 5.0)
    assert (kind, type(reason)) == ("error", Crash)
    assert gen_server.call(server, replies(str, "alive")) == "alive"
    process.exit(server, "kill")
    expect_nothing()


# ---- why somebody died


@SIZES
@VALUES
def test_a_reason_that_cannot_be_loaded_is_told_as_a_sentence(value: Any, padding: bytes) -> None:
    process.trap_exit()
    pid, ref = process.spawn_monitor(process.receive)
    process.link(pid)
    process.exit(pid, value(padding))
    assert "cannot be loaded here" in expect_down(ref)
    assert "cannot be loaded here" in expect().reason
