"""Slow work without a slow server: a helper process does it and answers in the server's stead.

     client              server                    helper
       ── fetch(key) ──►  spawn_link(answer) ──────►  fetch(key), as long as it takes
                          NoReply: serves others          │
       ◄──────────────────────────── gen_server.reply ────┘
                          Exit(helper, ANSWERED) ◄────────

Whatever happens to the helper, its caller hears of it:

1. A helper leaves with the reason `ANSWERED` after the reply was written, and only then.
2. The server traps exits. A helper that ends with any other reason (an exception, a segfault, the
   OOM killer, an early `process.exit("normal")`) has not answered: the server does, with
   ``("error", reason)``.
3. A helper that hangs is killed when its time is over, and then rule 2 holds.
4. If the server dies, its callers see `ServerDied`, and its helpers die of the link.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from otp import gen_server, process
from otp.gen_server import CallResult, GenServer, NoReply, Ok, Reply, Result
from otp.terms import Exit, From, Pid, Server, Shutdown

Answer: TypeAlias = tuple[Literal["ok", "error"], Any]

ANSWERED: Final = Shutdown("answered")


def start_link(
    work: Callable[[Any], Any], *, limit: float = 30.0, name: str | None = "slow_fetch"
) -> Pid:
    """Start a server that fetches with `work(key)`, each for at most `limit` seconds."""
    return gen_server.start_link(SlowFetch, Fetches(work, limit), name=name)


def fetch(key: Any, server: Server = "slow_fetch", timeout: float | None = None) -> Answer:
    """``("ok", work(key))``, or ``("error", reason)`` with the reason that ended the helper.

    Waits for ever by default: the server's own limit sees to it that an answer comes.
    """
    answer: Answer = gen_server.call(server, ("fetch", key), timeout)
    return answer


def pending(server: Server = "slow_fetch") -> int:
    """How many fetches are under way."""
    answer: int = gen_server.call(server, "pending")
    return answer


@dataclass(frozen=True, slots=True)
class Fetches:
    work: Callable[[Any], Any]
    limit: float
    callers: dict[Pid, From] = field(default_factory=dict)  # who waits for which helper


class SlowFetch(GenServer[Fetches]):
    def init(self, fetches: Fetches, /) -> Ok[Fetches]:
        process.trap_exit()
        return Ok(fetches)

    def handle_call(self, request: Any, caller: From, state: Fetches) -> CallResult[Fetches]:
        match request:
            case ("fetch", key):
                helper = process.spawn_link(answer, caller, state.work, key)
                process.send_after(state.limit, process.self(), ("overdue", helper))
                return NoReply(replace(state, callers={**state.callers, helper: caller}))
            case "pending":
                return Reply(len(state.callers), state)
            case _:
                return super().handle_call(request, caller, state)

    def handle_info(self, message: Any, state: Fetches) -> Result[Fetches]:
        match message:
            case Exit(helper, reason) if helper in state.callers:
                if reason != ANSWERED:
                    gen_server.reply(state.callers[helper], ("error", reason))
                return NoReply(without(helper, state))
            case ("overdue", helper):
                if helper in state.callers:
                    process.exit(helper, "kill")
                return NoReply(state)
            case _:
                return super().handle_info(message, state)


def answer(caller: From, work: Callable[[Any], Any], key: Any) -> None:
    """What a helper runs."""
    gen_server.reply(caller, ("ok", work(key)))
    process.exit(ANSWERED)


def without(helper: Pid, state: Fetches) -> Fetches:
    callers = {pid: caller for pid, caller in state.callers.items() if pid != helper}
    return replace(state, callers=callers)
