"""GenServer, the class: its defaults, its two guards, its results. Callbacks are functions."""

from __future__ import annotations

import pytest

from otp.behaviour.results import MISSING
from otp.errors import FunctionClause, Undef
from otp.gen_server import GenServer, Ignore, NoReply, Ok, Reply, Stop
from otp.terms import From, Pid
from otp.wire.codec import decode, flat

CALLER = From(Pid(2, "node-1"), 7)


class Store(GenServer[dict[str, int]]):
    def init(self, entries):
        return Ok(entries)

    def handle_call(self, request, caller, state):
        match request:
            case ("get", key):
                return Reply(state.get(key), state)
            case _:
                return super().handle_call(request, caller, state)

    def handle_cast(self, request, state):
        match request:
            case ("put", key, value):
                return NoReply({**state, key: value})
            case _:
                return super().handle_cast(request, state)


def test_a_callback_is_a_function_of_its_arguments() -> None:
    assert Store().init({"a": 1}) == Ok({"a": 1})
    assert Store().handle_call(("get", "a"), CALLER, {"a": 1}) == Reply(1, {"a": 1})
    assert Store().handle_cast(("put", "b", 2), {"a": 1}) == NoReply({"a": 1, "b": 2})


@pytest.mark.parametrize(
    ("callback", "arguments"),
    [
        ("handle_call", ("nonsense", CALLER, {})),
        ("handle_cast", ("nonsense", {})),
        ("handle_continue", ("nonsense", {})),
    ],
)
def test_what_no_clause_is_made_for_raises_and_is_named(callback, arguments) -> None:
    with pytest.raises(FunctionClause, match=rf"Store\.{callback} has no clause for 'nonsense'"):
        getattr(Store(), callback)(*arguments)


def test_a_server_without_init_cannot_begin() -> None:
    class Empty(GenServer[None]):
        pass

    with pytest.raises(FunctionClause, match="Empty has no init"):
        Empty().init(None)


def test_the_other_defaults_are_otps() -> None:
    server = Store()
    assert server.terminate("normal", {}) is None
    assert server.code_change(1, {"a": 1}, None) == Ok({"a": 1})
    status = {"state": {}, "message": "m", "reason": "r", "log": []}
    assert server.format_status(status) == status


# ---- the two guards


def test_nothing_is_kept_on_self() -> None:
    with pytest.raises(AttributeError) as caught:
        Store().count = 1
    assert str(caught.value) == (
        "Store.count: a GenServer keeps nothing on self; "
        "put it in the state and return it, as in NoReply(state)"
    )


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("handle_inof", "handle_info"),
        ("handle_cal", "handle_call"),
        ("handle_message", "handle_"),
        ("terminat", "terminate"),
        ("code_chnge", "code_change"),
        ("format_statuss", "format_status"),
    ],
)
def test_a_misspelt_callback_is_refused_when_the_class_is_made(wrong: str, right: str) -> None:
    with pytest.raises(TypeError, match=rf"KV\.{wrong} is not a callback; did you mean .*{right}"):
        type("KV", (GenServer,), {wrong: lambda self: None})


@pytest.mark.parametrize("name", ["helper", "_handle_x", "terminal", "start", "handles", "info"])
def test_any_other_method_is_the_users_own(name: str) -> None:
    type("KV", (GenServer,), {name: lambda self: None})


def test_a_callback_may_be_misspelt_only_if_it_is_one() -> None:
    type("KV", (GenServer,), {"handle_timeouts": 5.0})


# ---- the results


@pytest.mark.parametrize(
    "result",
    [Ok(1, timeout=2.0, then="x"), Ignore(), Reply(1, 2), NoReply(1), Stop("r"), Stop("r", 1, 2)],
    ids=repr,
)
def test_a_result_is_a_value(result) -> None:
    assert decode(flat(result)) == result


def test_a_stop_knows_what_it_was_not_given() -> None:
    assert decode(flat(Stop("r"))).state is MISSING
    assert Stop("r", None, None).state is None
    assert Stop("r", None, None).reply is None
    assert repr(MISSING) == "MISSING"


def test_a_callback_that_is_not_there_is_told_from_one_without_the_clause() -> None:
    with pytest.raises(FunctionClause) as caught:
        Store().handle_call("nonsense", CALLER, {})
    assert caught.value.reason == "function_clause"
    with pytest.raises(Undef) as caught:
        Store().handle_continue("nonsense", {})
    assert caught.value.reason == "undef"
