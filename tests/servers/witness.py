"""A server that tells its owner what its callbacks hear, and does what each request says.

A request is a function: of (caller, state) for a call, of the state for a cast; it returns the
callback's result. The state is whatever the functions make of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from otp.terms import Pid


class Told:
    """The first state: whom to tell, and what `init` and `terminate` do besides."""

    def __init__(
        self,
        owner: Pid,
        *,
        trap: bool = False,
        init: Callable[[Any], Any] = Ok,
        terminate: Callable[[], Any] = lambda: None,
    ) -> None:
        self.owner, self.trap, self.init, self.terminate = owner, trap, init, terminate

    def tell(self, *news: Any) -> None:
        process.send(self.owner, news)


class Witness(GenServer[Any]):
    def init(self, told: Told, /) -> Any:
        process.trap_exit(told.trap)
        return told.init(told)

    def handle_call(self, request: Any, caller: Any, state: Any) -> Any:
        return request(caller, state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return request(state)

    def handle_info(self, message: Any, state: Any) -> Any:
        state.tell("info", message)
        return NoReply(state)

    def handle_continue(self, then: Any, state: Any) -> Any:
        return then(state)

    def terminate(self, reason: Any, state: Any) -> None:
        state.tell("terminate", reason)
        state.terminate()


def start(**options: Any) -> Pid:
    """A witness that tells the calling process; not linked."""
    return gen_server.start(Witness, Told(process.self(), **options))


def start_link(**options: Any) -> Pid:
    return gen_server.start_link(Witness, Told(process.self(), **options))


def echo(value: Any, caller: Any, state: Any) -> Reply[Any]:
    """A request that is answered with a value that came with it."""
    return Reply(value, state)
