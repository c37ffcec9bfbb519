"""The child that the tests of the supervisor start: it tells its owner what becomes of it.

("init", id, pid)                  it is starting; the owner can wait for it
("terminate", id, pid, reason)     it is ending in order
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from otp import gen_server, process
from otp.errors import Ignored, StartError
from otp.gen_server import GenServer, Ignore, NoReply, Ok, Reply, Stop
from otp.supervisor import ChildSpec
from otp.terms import Pid


class Worker:
    """What one worker does besides living. `init` is how it starts:

    "ok", "ignore", ("stop", reason), ("exit", reason), "raise", or "ask": it then waits for the
    owner, who sends ("be", how). With `holds`, `terminate` waits for the message "let go".
    """

    def __init__(
        self, id: Any, owner: Pid, *, trap: bool = False, init: Any = "ok", holds: bool = False
    ) -> None:
        self.id, self.owner, self.trap, self.init, self.holds = id, owner, trap, init, holds

    def tell(self, news: str, *more: Any) -> None:
        process.send(self.owner, (news, self.id, process.self(), *more))


_starts: Counter[Any] = Counter()
"""How often this process, a supervisor, has started each worker."""


def start_link(
    id: Any, owner: Pid, *, named: bool = True, again: Any = None, **options: Any
) -> Pid:
    """`again` is what `init` does from the second start on."""
    _starts[id] += 1
    if again is not None and _starts[id] > 1:
        options["init"] = again
    return gen_server.start_link(Server, Worker(id, owner, **options), name=id if named else None)


def spec(id: Any, *, restart: Any = "permanent", **more: Any) -> ChildSpec:
    """A worker that tells the calling process; `more` is for the worker or for its supervisor."""
    fields = {name: more.pop(name) for name in ("shutdown", "kind", "significant") if name in more}
    return ChildSpec(id, partial(start_link, id, process.self(), **more), restart, **fields)


def template(*, restart: Any = "permanent", shutdown: Any = 5.0, **more: Any) -> ChildSpec:
    """The same for simple_one_for_one: `start_child` gives the id, and more if it likes."""
    start = partial(instance, process.self(), {"named": False, **more})
    return ChildSpec("template", start, restart, shutdown)


def instance(owner: Pid, options: dict[str, Any], id: Any, **more: Any) -> Pid:
    return start_link(id, owner, **{**options, **more})


class Server(GenServer[Any]):
    def init(self, worker: Worker, /) -> Any:
        process.trap_exit(worker.trap)
        worker.tell("init")
        match _asked() if worker.init == "ask" else worker.init:
            case "ignore":
                return Ignore()
            case ("stop", reason):
                return Stop(reason)
            case ("exit", reason):
                process.exit(reason)
            case "raise":
                raise ValueError(worker.id)
        return Ok(worker)

    def handle_call(self, request: Any, caller: Any, state: Worker) -> Any:
        return Reply(process.self(), state)

    def handle_cast(self, request: Any, state: Worker) -> Any:
        match request:
            case ("stop", reason):
                return Stop(reason, state)
            case "unlink from parent":
                process.unlink(process.info(process.self())["parent"])
        return NoReply(state)

    def terminate(self, reason: Any, state: Worker) -> None:
        state.tell("terminate", reason)
        if state.holds:
            process.receive(lambda message: message == "let go")


def _asked() -> Any:
    _, how = process.receive(lambda message: isinstance(message, tuple) and message[0] == "be")
    return how


# ---- start callables that are no worker's


def returns(value: Any) -> Any:
    return value


def raises(error: type[Exception], *args: Any) -> Any:
    raise error(*args)


def refuses(reason: Any) -> Any:
    raise StartError(reason)


def ignores() -> Any:
    raise Ignored


def exits(reason: Any) -> Any:
    process.exit(reason)


def with_info(id: Any, owner: Pid, info: Any) -> Any:
    return start_link(id, owner), info


def not_linked(id: Any, owner: Pid) -> Pid:
    return gen_server.start(Server, Worker(id, owner), name=id)
