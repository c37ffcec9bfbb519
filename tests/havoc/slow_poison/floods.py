"""Mailboxes of very many messages, messages of very many bytes: all come, and memory comes back."""

from __future__ import annotations

import os
import random
import signal
import zlib
from collections.abc import Callable
from time import monotonic

import psutil

from otp import gen_server, node, process
from otp.terms import Pid
from tests.expecting import expect
from tests.footprint import parcels
from tests.havoc.machine import PATIENCE, size_of
from tests.havoc.report import Row
from tests.havoc.slow_poison.people import Weigher, hoards

_LONG_RUN = 10.0
"""Seconds: who has so much time floods with a million messages, and sends a gigabyte."""
_MESSAGES = (200_000, 1_000_000)
_MOST_BYTES = (100_000_000, 1_000_000_000)
_SLACK = 4_000_000
"""Bytes by which a process may be larger when it has had a flood for the second time."""

_KEPT_BY_MALLOC = 40_000_000
"""Bytes: glibc gives back at once only what is longer than 32 MB."""


def deep_mailboxes(chance: random.Random, seconds: float) -> list[Row]:
    """Of one who does not look, and of one who is stopped, for whom the kernel keeps all."""
    count = _MESSAGES[seconds > _LONG_RUN] - chance.randrange(1000)
    return [
        _mailbox("it does not look", count, lambda os_pid: size_of(os_pid).memory, stopped=False),
        _mailbox("it is stopped", count // 10, lambda _: _of_the_kernel(), stopped=True),
    ]


def _of_the_kernel() -> int:
    os_pid = node.current().os_pid
    assert os_pid is not None
    return size_of(os_pid).memory


def _mailbox(who: str, count: int, memory: Callable[[int], int], *, stopped: bool) -> Row:
    """The first time shows how much memory is kept; the second, that it is no more."""
    pid = process.spawn_link(hoards, process.self())
    os_pid = expect(int, PATIENCE)
    harm, after = [], []
    for _ in range(2):
        heard, peak = _flood(pid, os_pid, count, lambda: memory(os_pid), stopped=stopped)
        after.append(memory(os_pid))
        if heard != count:
            harm.append(f"{heard} of {count} have come in order")
    if after[1] > after[0] + max(_SLACK, (peak - after[0]) // 4):
        harm.append(f"memory was {after[0]}, at most {peak}, and then {after[1]}")
    process.exit(pid, "kill")
    expect(lambda message: getattr(message, "pid", None) == pid, PATIENCE)
    _tell(who, harm)
    return Row(f"{count:,} messages, {who}", 2 * count, "all, in order; memory back", len(harm))


def _flood(
    pid: Pid, os_pid: int, count: int, memory: Callable[[], int], *, stopped: bool
) -> tuple[int, int]:
    """How many were heard in order; how much memory there was when all stood in the mailbox."""
    if stopped:
        os.kill(os_pid, signal.SIGSTOP)
    for number in range(count):
        process.send(pid, number)
    for word in ("end", "count"):
        process.send(pid, word)
    peak = memory()
    os.kill(os_pid, signal.SIGCONT)
    expect("counting", PATIENCE)
    peak = max(peak, memory())
    process.send(pid, "go on")
    return expect(int, PATIENCE), peak


# ---- long ones


def long_messages(chance: random.Random, seconds: float) -> list[Row]:
    """There and back, each ten times as long as the one before it."""
    server = gen_server.start(Weigher, None)
    os_pid, until, rows, size = gen_server.call(server, "who"), monotonic() + seconds, [], 1_000_000
    most = _MOST_BYTES[seconds > _LONG_RUN / 2]
    while size <= most and (size <= _MOST_BYTES[0] or monotonic() < until):
        rows.append(_long(server, os_pid, chance.randbytes(1000) * (size // 1000)))
        size *= 10
    gen_server.stop(server)
    return rows


def _long(server: Pid, os_pid: int, data: bytes) -> Row:
    fault, promised = (
        f"a message of {len(data):,} bytes",
        "it comes, goes back, and nothing is left",
    )
    if psutil.virtual_memory().available < 8 * len(data):
        return Row(fault, 0, promised, 0, "there is not enough memory")
    harm, before = [], size_of(os_pid).memory
    if gen_server.call(server, ("weigh", data), PATIENCE) != (len(data), zlib.crc32(data)):
        harm.append("it has come as something else")
    if gen_server.call(server, ("give", data), PATIENCE) != data:
        harm.append("it has come back as something else")
    if left := parcels(node.current().directory):
        harm.append(f"parcels are left: {left}")
    gen_server.call(server, "who")  # it is done with what it has sent
    if (after := size_of(os_pid).memory) > before + _KEPT_BY_MALLOC:
        harm.append(f"memory was {before}, and is {after}")
    _tell(fault, harm)
    return Row(fault, 2, promised, len(harm))


def _tell(what: str, harm: list[str]) -> None:
    if harm:
        print(f"{what}: {'; '.join(harm)}", flush=True)
