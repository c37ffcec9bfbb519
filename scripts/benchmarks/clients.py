"""Many clients and many servers: calls a second, all together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.nodes import Bench, Notes, a_node
from benchmarks.servers import Echo, client
from benchmarks.table import Row
from benchmarks.values import REQUEST
from otp import gen_server, process
from otp.terms import Pid

SECONDS = 0.3
SHAPES = ((1, 1), (4, 1), (16, 1), (4, 4), (16, 16))


def rows(bench: Bench) -> Iterator[Row]:
    got = Notes()
    with a_node():
        crowds = {shape: crowd(*shape) for shape in SHAPES}
        for _ in range(bench.rounds):
            for (clients, servers), crew in crowds.items():
                got.note(f"{clients} {servers}", calls_a_second(crew, SECONDS))
    one = median(got["1 1"])
    for clients, servers in SHAPES:
        rate = median(got[f"{clients} {servers}"])
        name = f"{clients} client{'s' * (clients > 1)}, {servers} server{'s' * (servers > 1)}"
        curve = "one server" if servers == 1 else "a server for each"
        yield Row(
            name,
            rate,
            "/s",
            None,
            rate / one,
            "1 client, 1 server",
            curve=f"clients: {curve}",
            x=clients,
        )


def crowd(clients: int, servers: int, request: object = REQUEST) -> list[Pid]:
    """That many clients, each with one of that many servers."""
    asked = [gen_server.start_link(Echo, None) for _ in range(servers)]
    me = process.self()
    return [
        process.spawn_link(client, asked[i % servers], request, me) for i in range(clients)
    ]  # fmt: skip


def calls_a_second(crew: Sequence[Pid], seconds: float) -> float:
    """Let all these clients call at once."""
    for one in crew:
        process.send(one, seconds)
    return sum(process.receive(timeout=60 + seconds)[1] for _ in crew) / seconds
