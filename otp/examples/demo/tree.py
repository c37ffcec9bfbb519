"""The supervision tree as the operating system sees it: one line a process."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import psutil

from otp import process, supervisor
from otp.examples import pool
from otp.examples.demo import screen
from otp.terms import Pid


@dataclass(frozen=True, slots=True)
class Row:
    branch: str  # the lines that lead from its supervisor to it
    name: str
    pid: Pid
    os_pid: int


def rows(root: str) -> list[Row]:
    """The process and all below it, in the order they were started."""
    pid = find(root)
    return [row(root, pid), *below(root, "supervisor")]


def find(name: str) -> Pid:
    pid = process.whereis(name)
    if pid is None:
        raise screen.NotAsAnnounced(f"{name} is alive")
    return pid


def below(name: str, kind: str, indent: str = "") -> Iterator[Row]:
    children = list(children_of(name, kind))
    for child, child_kind, pid in children:
        last = pid == children[-1][2]
        yield row(child, pid, indent + ("└─ " if last else "├─ "))
        yield from below(child, child_kind, indent + ("   " if last else "│  "))


def children_of(name: str, kind: str) -> Iterator[tuple[str, str, Pid]]:
    if kind == "supervisor":
        for child in reversed(supervisor.which_children(name)):
            if isinstance(child.pid, Pid):
                yield child.id, child.kind, child.pid
    elif name == "pool":
        for worker in sorted(pool.workers(), key=lambda pid: pid.id):
            yield "runner", "worker", worker


def row(name: str, pid: Pid, branch: str = "") -> Row:
    return Row(branch, name, pid, os_pid(pid))


def os_pid(pid: Pid) -> int:
    number: int = facts(pid)["os_pid"]
    return number


def facts(pid: Pid) -> dict[str, Any]:
    """What the kernel knows of a process that is to be alive."""
    known = process.info(pid)
    if known is None:
        raise screen.NotAsAnnounced(f"{pid} is alive")
    return known


def draw(tree: list[Row], before: Collection[int] = ()) -> None:
    """Show the tree; where `before` is given, mark each OS pid that was not among them."""
    screen.show()
    header = f"  {'':24}{'pid':10}{'OS pid':>8}  {'state':10}{'memory':>9}{'CPU':>9}"
    screen.show(screen.paint(header, "dim"))
    for line in tree:
        fresh = bool(before) and line.os_pid not in before
        text = f"  {line.branch + line.name:24}{line.pid!r:10}{line.os_pid:8}  {usage(line.os_pid)}"
        screen.show(screen.paint(text + "  ◄ new", "green") if fresh else text)
    screen.show()


def usage(number: int) -> str:
    """State, memory that is this process's alone (USS), and CPU time since its start."""
    found = psutil.Process(number)
    with found.oneshot():
        used = found.cpu_times()
        memory = found.memory_full_info().uss
        state = found.status()
    return f"{state:10}{memory / 1e6:6.1f} MB{used.user + used.system:7.2f} s"


def branch(tree: list[Row], top: Row) -> list[Row]:
    """The row and those below it."""
    start = tree.index(top)
    deeper = takewhile(lambda row: len(row.branch) > len(top.branch), tree[start + 1 :])
    return [top, *deeper]
