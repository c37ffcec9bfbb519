"""Aliases: addresses of a process that it can switch off."""

from __future__ import annotations

import pytest

from otp import process
from otp.terms import Down
from tests.expecting import expect, expect_down, expect_nothing


def send_all(alias, *messages) -> None:
    for message in messages:
        process.send(alias, message)


def idle():
    return process.spawn_link(process.receive)


@pytest.fixture(params=["from oneself", "from another"])
def send(request):
    """Send by an alias; returns when all is sent."""
    if request.param == "from oneself":
        return send_all

    def from_another(alias, *messages) -> None:
        _, ref = process.spawn_monitor(send_all, alias, *messages)
        assert expect_down(ref) == "normal"

    return from_another


def test_what_comes_by_an_alias_is_an_ordinary_message(send) -> None:
    alias = process.alias()
    send(alias, "one", {"two": 2})
    assert [expect(), expect()] == ["one", {"two": 2}]
    expect_nothing()


def test_after_unalias_everything_is_dropped(send) -> None:
    alias = process.alias()
    assert process.unalias(alias) is True
    assert process.unalias(alias) is False
    send(alias, "late", b"x" * 100_000)
    expect_nothing()


def test_an_alias_for_one_reply_takes_one_message(send) -> None:
    alias = process.alias("reply")
    send(alias, "first", "second")
    assert expect() == "first"
    expect_nothing()
    assert process.unalias(alias) is False


def test_a_long_message_comes_by_an_alias_too(send) -> None:
    send(process.alias(), b"x" * 100_000)
    assert expect() == b"x" * 100_000


def test_an_alias_of_the_dead_is_silent() -> None:
    me = process.self()
    _, ref = process.spawn_monitor(lambda: process.send(me, process.alias()))
    alias = expect(lambda message: not isinstance(message, Down))
    expect_down(ref)
    process.send(alias, "nobody hears it")
    assert process.unalias(alias) is False
    expect_nothing()


def test_a_reply_ends_its_monitor(send) -> None:
    pid = idle()
    ref = process.monitor(pid, alias="reply_demonitor")
    send(ref, "first", "second")
    assert expect() == "first"
    process.send(pid, "end")
    expect_nothing()
    assert process.demonitor(ref) is False


@pytest.mark.parametrize("alias", ["demonitor", "reply_demonitor"])
def test_the_end_of_the_monitor_ends_its_alias(send, alias) -> None:
    ref = process.monitor(idle(), alias=alias)
    process.demonitor(ref)
    send(ref, "late")
    expect_nothing()
    pid = idle()
    ref = process.monitor(pid, alias=alias)
    process.exit(pid, "normal")
    process.send(pid, "end")
    assert expect_down(ref) == "normal"
    send(ref, "late")
    expect_nothing()


def test_an_explicit_alias_outlives_its_monitor(send) -> None:
    ref = process.monitor(idle(), alias="explicit_unalias")
    process.demonitor(ref)
    send(ref, "heard")
    assert expect() == "heard"
    assert process.unalias(ref) is True


def test_a_monitor_outlives_its_alias() -> None:
    pid = idle()
    ref = process.monitor(pid, alias="reply_demonitor")
    assert process.unalias(ref) is True
    process.send(ref, "late")
    process.send(pid, "end")
    assert expect() == Down(ref, pid, "normal")


def test_there_are_no_other_kinds_of_alias() -> None:
    with pytest.raises(ValueError, match="is to be one of 'explicit_unalias', 'reply', not 'x'"):
        process.alias("x")
    with pytest.raises(ValueError, match="is to be one of 'explicit_unalias', 'demonitor'"):
        process.monitor(process.self(), alias="reply")
