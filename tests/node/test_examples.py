"""The examples at the edges; their sessions are in tests/test_doctests.py."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pickle import PicklingError
from typing import Any

import pytest

from otp import gen_server, process
from otp.errors import CallTimeout
from otp.examples import kv_store, pool, rate_limiter, slow_fetch, ticker
from otp.terms import Crash, Down, ExitStatus, Pid, Signal
from tests.servers.customers import (
    Awkward,
    borrow_until_told,
    by_appointment,
    death_of_the_server,
    store,
)

Start = Callable[..., Pid]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a server without a link, so that a test may kill it; stop it when the test is over."""
    started: list[Pid] = []

    def start(start_link: Callable[..., Pid], *args: Any, **options: Any) -> Pid:
        pid = start_link(*args, name=None, **options)
        process.unlink(pid)
        started.append(pid)
        return pid

    yield start
    for pid in filter(process.is_alive, started):
        gen_server.stop(pid)


def gone(pid: Pid) -> Any:
    """The reason for which the process ended."""
    ref = process.monitor(pid)
    return process.receive(lambda m: isinstance(m, Down) and m.ref == ref, timeout=5).reason


def aside(function: Callable[[], Any]) -> Pid:
    """Run the function in another process, which sends us what comes out."""
    me = process.self()
    return process.spawn(lambda: process.send(me, ("out", function())))


def out() -> Any:
    return process.receive(lambda m: isinstance(m, tuple) and m[0] == "out", timeout=5)[1]


def test_a_store_ignores_an_unknown_cast(start: Start) -> None:
    store = start(kv_store.start_link)
    kv_store.put("a", 1, store)
    gen_server.cast(store, "nonsense")
    assert kv_store.all(store) == {"a": 1}


def test_two_clients_share_one_limit(start: Start) -> None:
    limiter = start(partial(unnamed, rate_limiter.start_link), 2)
    aside(partial(rate_limiter.allow, limiter))
    assert out() == "ok"
    assert rate_limiter.allow(limiter) == "ok"
    assert rate_limiter.allow(limiter) == ("error", "rate_limited")


def unnamed(start_link: Callable[..., Pid], *args: Any, name: str | None) -> Pid:
    return start_link(name, *args)


def test_a_ticker_ticks_on(start: Start) -> None:
    clock = start(ticker.start_link, 0.005)
    while ticker.ticks(clock) < 3:
        assert process.is_alive(clock)


def test_a_slow_fetch_keeps_nobody_else_waiting(start: Start) -> None:
    server = start(slow_fetch.start_link, by_appointment)
    me = process.self()
    for _ in range(2):
        aside(partial(slow_fetch.fetch, me, server))
    first, second = out(), out()
    assert slow_fetch.pending(server) == 2

    for helper, value in ((second, "two"), (first, "one")):
        process.send(helper, value)
        assert out() == ("ok", value)
        gone(helper)
    assert slow_fetch.pending(server) == 0


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        ({"known": 1}.__getitem__, Crash(KeyError("unknown"))),
        (lambda _: os.abort(), Signal("SIGABRT")),
        (lambda _: os._exit(3), ExitStatus(3)),
        (lambda _: os.kill(os.getpid(), 9), "killed"),
        (lambda _: process.exit("normal"), "normal"),
    ],
    ids=["exception", "abort", "exit status", "kill -9", "normal exit"],
)
def test_a_helper_that_fails_does_not_leave_its_caller_waiting(
    start: Start, work: Callable[[str], Any], reason: Any
) -> None:
    server = start(slow_fetch.start_link, work)
    assert slow_fetch.fetch("unknown", server, timeout=5) == ("error", reason)
    assert slow_fetch.pending(server) == 0


def test_what_cannot_be_sent_is_an_error_too(start: Start) -> None:
    server = start(slow_fetch.start_link, lambda _: Awkward())
    said, reason = slow_fetch.fetch("it", server, timeout=5)
    assert said == "error"
    assert isinstance(reason.exception, PicklingError)


def test_a_helper_that_hangs_is_killed_when_its_time_is_over(start: Start) -> None:
    server = start(slow_fetch.start_link, lambda _: process.receive(), limit=0.01)
    assert slow_fetch.fetch("it", server, timeout=5) == ("error", "killed")


def test_a_fetch_server_takes_its_helpers_with_it(start: Start) -> None:
    server = start(slow_fetch.start_link, by_appointment)
    me = process.self()
    aside(partial(death_of_the_server, me, server))
    helper = out()
    watch = process.monitor(helper)
    process.exit(server, "kill")
    assert out() == "killed"
    assert process.receive(lambda m: isinstance(m, Down) and m.ref == watch, timeout=5)


def test_a_pool_lends_each_worker_to_one_client_at_a_time(start: Start) -> None:
    server = start(pool.start_link, store, 2)
    with pool.borrow(server) as one, pool.borrow(server) as two:
        assert one != two
        assert pool.status(server) == {"idle": 0, "lent": 2, "waiting": 0}
    assert pool.status(server) == {"idle": 2, "lent": 0, "waiting": 0}


def test_who_finds_no_worker_waits_in_a_queue(start: Start) -> None:
    server = start(pool.start_link, store, 1)
    with pool.borrow(server) as worker:
        client = process.spawn(borrow_until_told, server, process.self())
        wait_until(lambda: pool.status(server)["waiting"] == 1)
    assert out() == worker
    process.send(client, "done")
    gone(client)
    assert pool.status(server) == {"idle": 1, "lent": 0, "waiting": 0}


def test_a_dead_client_gives_its_worker_back(start: Start) -> None:
    server = start(pool.start_link, store, 1)
    client = process.spawn(borrow_until_told, server, process.self())
    worker = out()
    process.exit(client, "kill")
    assert pool.checkout(server) == worker


def test_a_dead_client_leaves_the_queue(start: Start) -> None:
    server = start(pool.start_link, store, 1)
    with pool.borrow(server):
        client = process.spawn(borrow_until_told, server, process.self())
        wait_until(lambda: pool.status(server)["waiting"] == 1)
        process.exit(client, "kill")
        wait_until(lambda: pool.status(server)["waiting"] == 0)
    assert pool.status(server) == {"idle": 1, "lent": 0, "waiting": 0}


def test_a_client_that_gives_up_gets_nothing_lent(start: Start) -> None:
    server = start(pool.start_link, store, 1)
    with pool.borrow(server), pytest.raises(CallTimeout):
        pool.checkout(server, timeout=0.01)
    assert pool.status(server) == {"idle": 1, "lent": 0, "waiting": 0}


def test_a_ticket_taken_back_after_it_was_served_brings_the_worker_home(start: Start) -> None:
    """The race of `pool.cancel`: the worker was lent just when the client stopped waiting."""
    server = start(pool.start_link, store, 1)
    gen_server.call(server, ("checkout", "a ticket"))
    gen_server.cast(server, ("cancel", "a ticket"))
    assert pool.status(server) == {"idle": 1, "lent": 0, "waiting": 0}


def test_only_the_borrower_can_give_back(start: Start) -> None:
    server = start(pool.start_link, store, 1)
    with pool.borrow(server) as worker:
        stranger = process.spawn(pool.checkin, worker, server)
        gone(stranger)
        assert pool.status(server)["lent"] == 1


@pytest.mark.parametrize("lent", [False, True])
def test_a_dead_worker_is_replaced(start: Start, *, lent: bool) -> None:
    server = start(pool.start_link, store, 1)
    (worker,) = pool.workers(server)
    if lent:
        assert pool.checkout(server) == worker
    process.exit(worker, "kill")
    wait_until(lambda: worker not in pool.workers(server))

    assert pool.status(server) == {"idle": 1, "lent": 0, "waiting": 0}
    with pool.borrow(server) as successor:
        assert kv_store.put("a", 1, successor) == "ok"


def test_a_stopped_pool_stops_its_workers(start: Start) -> None:
    server = start(pool.start_link, store, 2)
    watches = [process.monitor(worker) for worker in pool.workers(server)]
    gen_server.stop(server)
    for ref in watches:
        down = process.receive(lambda m, ref=ref: isinstance(m, Down) and m.ref == ref, timeout=5)
        assert down.reason == "shutdown"


def wait_until(true: Callable[[], bool]) -> None:
    """Ask again and again: each question is a call, so each has its turn at the server."""
    for _ in range(10_000):
        if true():
            return
    pytest.fail("it has not become true")
