"""The servers and clients that are measured."""

from __future__ import annotations

import time
from typing import Any

from otp import gen_server, process
from otp.gen_server import CallResult, GenServer, NoReply, Ok, Reply, Result
from otp.terms import From, Pid, Server


class Echo(GenServer[int]):
    """Answers with the request; counts casts, so that none can be lost unseen."""

    def init(self, arg: Any, /) -> Ok[int]:
        return Ok(0)

    def handle_call(self, request: Any, caller: From, state: int) -> CallResult[int]:
        match request:
            case "count":
                return Reply(state, 0)
            case ("work", loops):
                work(loops)
                return Reply(None, state)
            case ("flood", count):
                for i in range(count):
                    process.send(caller.pid, i)
                return Reply("sent", state)
            case _:
                return Reply(request, state)

    def handle_cast(self, request: Any, state: int) -> Result[int]:
        return NoReply(state + 1)


def work(loops: int) -> int:
    """So much work for the processor, however long it takes."""
    total = 0
    for i in range(loops):
        total += i
    return total


def loops_for(seconds: float) -> int:
    """How much `work` takes that long on a processor of its own."""
    count = 100_000
    took = []
    for _ in range(9):
        begin = time.perf_counter()
        work(count)
        took.append(time.perf_counter() - begin)
    return int(count * seconds / min(took))


def client(server: Server, request: Any, customer: Pid) -> None:
    """Call for so many seconds as one is told, and tell how often."""
    while (seconds := process.receive()) is not None:
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            gen_server.call(server, request, None)
            count += 1
        process.send(customer, ("called", count))


def os_pid_of(server: Server) -> int:
    pid = process.whereis(server)
    assert pid is not None
    number: int = (process.info(pid) or {})["os_pid"]
    return number
