"""Five ways to die, and who repairs what."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from signal import SIGKILL
from typing import Any, Final

from otp import process
from otp.errors import CallError, ServerDied
from otp.examples import kv_store, pool, rate_limiter, slow_fetch, ticker
from otp.examples.demo import screen, shop, tree
from otp.examples.demo.reports import Reports
from otp.examples.demo.tree import Row
from otp.terms import Crash, Down, Pid, Signal

PATIENCE: Final = 5.0  # seconds after which something announced counts as missing


@dataclass(frozen=True, slots=True)
class Death:
    story: str
    victim: str  # dies with all below it in the tree
    reason: Any  # why, as a monitor tells it
    strike: Callable[[Pid], object]
    healer: str  # who starts it anew
    found: Callable[[], Collection[Pid]]  # where its successor will appear
    ask: Callable[[Pid], object]  # what the successor is to answer


def named(name: str) -> list[Pid]:
    pid = process.whereis(name)
    return [] if pid is None else [pid]


def kill_9(pid: Pid) -> None:
    os.kill(tree.os_pid(pid), SIGKILL)


def kill_9_ticker(_: Pid) -> None:
    kill_9(tree.find("ticker"))


def store_nonsense(store: Pid) -> None:
    hear_of_death(partial(kv_store.put, ["a", "list"], "a value", store))


def abort(runner: Pid) -> None:
    with pool.borrow() as worker:
        assert worker == runner
        hear_of_death(partial(shop.run, worker, os.abort))


def let_a_helper_slip(_: Pid) -> None:
    process.spawn(shop.careless_helper, "ticker")


def hear_of_death(call: Callable[[], object]) -> None:
    """Call a server that will not survive it."""
    try:
        call()
    except ServerDied as error:
        screen.quote(f"the caller hears: {type(error).__name__}, for the reason {error.reason!r}")
    else:
        raise screen.NotAsAnnounced("the call fails with ServerDied")


DEATHS: Final = (
    Death(
        "1. An exception. A list cannot be a key, so put([...]) raises TypeError in the store's "
        "callback. The caller hears of it; shop starts an empty store.",
        victim="kv_store",
        reason=Crash(TypeError("unhashable type: 'list'")),
        strike=store_nonsense,
        healer="shop",
        found=partial(named, "kv_store"),
        ask=lambda store: kv_store.all(store) == {},
    ),
    Death(
        "2. os.abort(). A client borrows a runner and makes it abort, as a bug in C code would. "
        "The operating system ends that process alone; the pool, linked to it, starts another.",
        victim="runner",
        reason=Signal("SIGABRT"),
        strike=abort,
        healer="pool",
        found=pool.workers,
        ask=lambda runner: shop.run(runner, os.getpid) == tree.os_pid(runner),
    ),
    Death(
        "3. kill -9. No code of the victim runs any more, so it is the kernel that tells shop.",
        victim="rate_limiter",
        reason="killed",
        strike=kill_9,
        healer="shop",
        found=partial(named, "rate_limiter"),
        ask=lambda limiter: rate_limiter.allow(limiter) == "ok",
    ),
    Death(
        "4. A linked helper crashes. ticker does not trap exits, so it dies of the same reason.",
        victim="ticker",
        reason=Crash(RuntimeError("the helper has slipped")),
        strike=let_a_helper_slip,
        healer="workers",
        found=partial(named, "ticker"),
        ask=lambda clock: ticker.ticks(clock) >= 0,
    ),
    Death(
        "5. Too often. workers allows 2 restarts in a minute and has made one. kill -9 to ticker "
        "makes the second ...",
        victim="ticker",
        reason="killed",
        strike=kill_9,
        healer="workers",
        found=partial(named, "ticker"),
        ask=lambda clock: ticker.ticks(clock) >= 0,
    ),
    Death(
        "... and another is one too many: workers stops its other children and gives up with the "
        "reason 'shutdown'. shop starts the whole branch anew.",
        victim="workers",
        reason="shutdown",
        strike=kill_9_ticker,
        healer="shop",
        found=partial(named, "ticker"),
        ask=lambda clock: ticker.ticks(clock) >= 0,
    ),
)


def suffer(death: Death, reports: Reports) -> None:
    """Let it happen, and see that all is as announced."""
    screen.announce(death.story)
    before = tree.rows("shop")
    victim = next(row for row in before if row.name == death.victim)
    known, watch = set(death.found()), process.monitor(victim.pid)

    struck = time.perf_counter()
    death.strike(victim.pid)
    successor = first_answer(death, known)
    took = time.perf_counter() - struck

    down = process.receive(lambda m: isinstance(m, Down) and m.ref == watch, timeout=PATIENCE)
    screen.quote(reports.new())
    screen.confirm(f"{death.victim} died of {death.reason!r}", held=down.reason == death.reason)
    examine(death, before, victim)
    screen.confirm(
        f"healed in {took * 1000:.1f} ms: from the blow to the first answer of {successor!r}",
        held=took < PATIENCE,
    )


def first_answer(death: Death, known: Collection[Pid]) -> Pid:
    """The first process that was not known before and answers as it should."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for pid in set(death.found()).difference(known):
            if answers(death, pid):
                return pid
        time.sleep(0.0002)  # a name comes back without a message to anyone
    raise screen.NotAsAnnounced(f"{death.victim} is back within {PATIENCE} s")


def answers(death: Death, pid: Pid) -> bool:
    try:
        return bool(death.ask(pid))
    except CallError:
        return False  # it has died in its turn; the next one may do better


def examine(death: Death, before: list[Row], victim: Row) -> None:
    """Draw the tree; only the victim, and what was below it, may have changed."""
    after = tree.rows("shop")
    old, new = ({row.os_pid for row in rows} for rows in (before, after))
    tree.draw(after, before=old)

    lost = {row.os_pid for row in tree.branch(before, victim)}
    screen.confirm(
        f"{death.victim} restarted by {death.healer}; all other processes are the same as before",
        held=old - new == lost and len(new) == len(old),
    )
    healed = next(row for row in after if row.os_pid not in old)
    parent = tree.facts(healed.pid)["parent"]
    screen.confirm(
        f"OS pid {victim.os_pid} → {healed.os_pid}, a child of {death.healer}",
        held=parent == tree.find(death.healer),
    )


def trap(reports: Reports) -> None:
    """The counterpart to the fourth death: who traps exits can answer for its helpers."""
    screen.announce(
        "The same, trapped. slow_fetch traps exits: a helper of its own may crash, its caller "
        "gets an answer all the same, and nobody needs a restart."
    )
    words = ("answer", "question")
    answers = [slow_fetch.fetch(word, timeout=PATIENCE) for word in words]
    for word, answer in zip(words, answers, strict=True):
        screen.quote(f">>> slow_fetch.fetch({word!r})\n{answer}")
    screen.quote(reports.new())
    screen.confirm(
        "an answer to both, the second from the server itself",
        held=answers == [("ok", 42), ("error", Crash(KeyError("question")))],
    )
