"""Requests whose responses are taken later, one by one or out of a collection."""

from __future__ import annotations

import threading

import pytest

from otp import gen_server, node, process
from otp.gen_server import NoReply, Reply, RequestIds, Stop
from otp.terms import Pid
from tests.expecting import expect, expect_down, expect_nothing, flush
from tests.servers.counter import Counter
from tests.servers.witness import Told, Witness


def server(name: str | None = None) -> Pid:
    return gen_server.start_link(Witness, Told(process.self()), name=name)


def answers(value: object) -> object:
    return lambda caller, state: Reply(value, state)


def tells_who_asks(caller: object, told: Told) -> object:
    told.tell(caller)
    return NoReply(told)


def never_answers(caller: object, state: object) -> object:
    return NoReply(state)


def dies(caller: object, state: object) -> object:
    return Stop("died", state)


def test_the_response_is_the_reply() -> None:
    request = gen_server.send_request(server(), answers(42))
    assert gen_server.receive_response(request, 5.0) == ("reply", 42)
    expect_nothing()


def test_responses_are_taken_in_any_order() -> None:
    a, b = server(), server()
    first, second = gen_server.send_request(a, answers(1)), gen_server.send_request(b, answers(2))
    assert gen_server.receive_response(second) == ("reply", 2)
    assert gen_server.receive_response(first) == ("reply", 1)


def test_who_waited_in_vain_may_wait_again() -> None:
    pid = server()
    request = gen_server.send_request(pid, tells_who_asks)
    (caller,) = expect()
    assert gen_server.wait_response(request, 0.0) == "timeout"
    gen_server.reply(caller, "late")
    assert gen_server.wait_response(request, 5.0) == ("reply", "late")


def test_who_has_given_up_gets_no_response() -> None:
    pid = server()
    request = gen_server.send_request(pid, tells_who_asks)
    (caller,) = expect()
    assert gen_server.receive_response(request, 0.0) == "timeout"
    gen_server.reply(caller, "late")
    gen_server.call(pid, answers(None))
    expect_nothing()


def test_a_second_reply_is_dropped() -> None:
    def twice(caller: object, state: object) -> object:
        gen_server.reply(caller, 1)  # type: ignore[arg-type]
        gen_server.reply(caller, 2)  # type: ignore[arg-type]
        return NoReply(state)

    pid = server()
    request = gen_server.send_request(pid, twice)
    gen_server.call(pid, answers(None))
    assert gen_server.receive_response(request) == ("reply", 1)
    expect_nothing()


def test_the_death_of_the_server_is_a_response() -> None:
    pid = gen_server.start(Witness, Told(process.self()), name="mortal")
    request = gen_server.send_request("mortal", dies)
    assert gen_server.receive_response(request, 5.0) == ("error", ("died", "mortal"))
    late = gen_server.send_request(pid, answers(1))
    assert gen_server.receive_response(late, 5.0) == ("error", ("noproc", pid))
    assert flush() == [("terminate", "died")]


def test_what_nobody_can_answer_is_a_response_too() -> None:
    class Unloadable:
        def __reduce__(self) -> object:
            return (int, ("no number",))

    pid = gen_server.start_link(Counter, 0)
    outcome, (reason, who) = gen_server.receive_response(gen_server.send_request(pid, Unloadable()))
    assert (outcome, type(reason.exception), who) == ("error", ValueError, pid)
    assert gen_server.call(pid, "still there") == 0


def test_a_message_is_checked_for_the_response() -> None:
    pid = server()
    request, other = (gen_server.send_request(pid, answers(n)) for n in (1, 2))
    message = expect()
    assert gen_server.check_response(message, other) == "no_reply"
    assert gen_server.check_response(message, request) == ("reply", 1)
    assert gen_server.check_response("something else", request) == "no_reply"
    assert gen_server.receive_response(other) == ("reply", 2)


def test_a_request_to_oneself_stands_in_the_mailbox() -> None:
    request = gen_server.send_request(process.self(), "me?")
    kind, caller, asked = expect()
    assert (kind, asked) == ("$gen_call", "me?")
    gen_server.reply(caller, "me!")
    assert gen_server.receive_response(request) == ("reply", "me!")


def test_only_the_sender_gets_the_response() -> None:
    request = gen_server.send_request(server(), answers(1))
    _, ref = process.spawn_monitor(gen_server.wait_response, request, 1.0)
    assert isinstance(expect_down(ref).exception, ValueError)
    assert gen_server.receive_response(request) == ("reply", 1)


def test_what_cannot_be_sent_leaves_nothing_behind() -> None:
    pid = server()
    with pytest.raises(Exception, match="cannot be sent"):
        gen_server.send_request(pid, threading.Lock())
    assert (process.info(process.self()) or {})["monitors"] == []


# ---- collections


def test_a_collection_gives_each_response_with_its_label() -> None:
    ids = RequestIds()
    for n in range(3):
        ids = gen_server.send_request(server(), answers(n * n), n, ids)
    found = {}
    while len(ids):
        response, label, ids = gen_server.receive_response(ids, 5.0)
        found[label] = response
    assert found == {0: ("reply", 0), 1: ("reply", 1), 2: ("reply", 4)}
    assert gen_server.receive_response(ids, 5.0) == "no_request"
    expect_nothing()


def test_a_collection_is_a_value() -> None:
    empty = RequestIds()
    one = gen_server.send_request(server(), answers(1), "one", empty)
    assert (len(empty), len(one), [label for _, label in one]) == (0, 1, ["one"])
    response, label, same = gen_server.wait_response(one, 5.0, delete=False)
    assert (response, label, len(same), len(one)) == (("reply", 1), "one", 1, 1)


def test_a_whole_collection_is_abandoned() -> None:
    pid = server()
    ids = gen_server.send_request(pid, never_answers, "never", RequestIds())
    ids = gen_server.send_request(gen_server.start_link(Counter, 0), "?", "soon", ids)
    response, label, ids = gen_server.receive_response(ids, 5.0)
    assert (response, label) == (("reply", 0), "soon")
    assert gen_server.receive_response(ids, 0.0) == "timeout"
    gen_server.stop(pid)
    assert flush() == [("terminate", "normal")]


def test_a_message_is_checked_for_the_responses_of_a_collection() -> None:
    ids = gen_server.send_request(server(), answers(1), "one", RequestIds())
    message = expect()
    assert gen_server.check_response("?", ids) == "no_reply"
    response, label, rest = gen_server.check_response(message, ids)
    assert (response, label, len(rest)) == (("reply", 1), "one", 0)
    assert gen_server.check_response(message, rest) == "no_request"


# ---- one name on several nodes


def test_multi_call_gathers_replies_and_bad_nodes() -> None:
    here = node.current().id
    server("multi")
    assert gen_server.multi_call("multi", answers(1)) == ([(here, 1)], [])
    nodes = ["elsewhere", here]
    assert gen_server.multi_call("multi", answers(1), nodes=nodes) == ([(here, 1)], ["elsewhere"])
    assert gen_server.multi_call("nobody", "?", nodes=[here]) == ([], [here])
    assert gen_server.multi_call("multi", never_answers, 0.0) == ([], [here])
    expect_nothing()


def test_multi_call_hears_of_a_death() -> None:
    gen_server.start(Witness, Told(process.self()), name="multi")
    assert gen_server.multi_call("multi", dies) == ([], [node.current().id])


def test_abcast_reaches_the_name_and_never_fails() -> None:
    server("multi")
    gen_server.abcast("multi", lambda told: (told.tell("heard"), NoReply(told))[1])
    assert expect() == ("heard",)
    gen_server.abcast("nobody", "?", nodes=["elsewhere"])


def test_a_name_is_called_on_its_node() -> None:
    server("local")
    assert gen_server.call(("local", node.current().id), answers(1)) == 1
