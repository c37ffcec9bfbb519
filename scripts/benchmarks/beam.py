"""The real BEAM: a call within one node, and between two nodes on loopback; a start.

The two nodes find each other by a port that is given to both, so that no daemon (`epmd`) is left.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.table import Row, compared, latency

MAIN = "bench@localhost"
SOURCE = Path(__file__).with_name("beam.erl")
SECONDS = 60


def rows(calls: list[float], us: str) -> Iterator[Row]:
    """Beside the times of our own calls."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["erlc", "-o", directory, SOURCE], check=True)  # noqa: S607
        times = _run(directory)
    yield compared("BEAM, within a node: call", times["call"], calls, us)
    yield compared("BEAM, node to node on loopback: call", times["remote"], calls, us)
    yield latency("BEAM, within a node: start one more", times["start"])


def _run(directory: str) -> dict[str, list[float]]:
    common = [
        "erl", "-noshell", "-pa", directory, "-setcookie", secrets.token_hex(),
        "-kernel", "inet_dist_use_interface", "{127,0,0,1}",
        "-start_epmd", "false", "-erl_epmd_port", str(_free_port()),
    ]  # fmt: skip
    with ExitStack() as stack:
        main = _started(stack, [*common, "-sname", MAIN, "-s", "beam", "main"])
        lines = [_line(main), _line(main)]
        far = ["-sname", "far@localhost", "-dist_listen", "false", "-s", "beam", "far", MAIN]
        _started(stack, [*common, *far])
        lines.append(_line(main))
    return {name: [int(time) / 1e9 for time in times] for name, *times in lines}


def _started(stack: ExitStack, command: list[str]) -> subprocess.Popen[str]:
    program = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    stack.callback(program.communicate)
    stack.callback(program.kill)
    return program


def _line(program: subprocess.Popen[str]) -> list[str]:
    assert program.stdout is not None
    if not (words := program.stdout.readline().split()):
        raise RuntimeError("the BEAM has ended before it was measured")
    return words


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
