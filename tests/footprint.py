"""What a test may leave behind: nothing that was not there before it.

A footprint is a set of lines, one for each process, descriptor, thread and file; what two of them
differ in is the message of a failing test.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

KERNEL = "otp:kernel"
STANDING = (
    "otp:launcher",
    "otp:spare",
    "otp:timer_serve",
)  # begun when needed, they end with the node

Footprint = frozenset[str]


def footprint(runtime_directory: Path) -> Footprint:
    children = psutil.Process().children(recursive=True)
    names = {child.pid: name_of(child) for child in children}
    standing = [pid for pid, name in names.items() if name in STANDING]
    return frozenset(
        [
            *(
                f"process {pid} {name}"
                for pid, name in names.items()
                if name not in (KERNEL, *STANDING)
            ),
            *(f"thread {thread.name} {thread.ident}" for thread in threading.enumerate()),
            *descriptors(runtime_directory),
            *files(runtime_directory, standing),
        ]
    )


def name_of(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return "(just gone)"


def opened_by(pid: int | str) -> dict[int, str]:
    """The descriptors of a process, and what each stands for."""
    found = {}
    with suppress(OSError):
        for fd in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):  # in our own list: the descriptor that was read for it
                found[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}")
    return found


def descriptors(runtime_directory: Path) -> list[str]:
    """All but the write ends of mailboxes, of which a bounded number is kept open."""
    mailboxes = f"{runtime_directory}/"
    return [
        f"descriptor {fd} {target}"
        for fd, target in opened_by("self").items()
        if not target.startswith(mailboxes)
    ]


def files(runtime_directory: Path, standing: Iterable[int] = ()) -> list[str]:
    """Mailboxes, names and parcels: what the node knows of the living, but for those that stand."""
    mailboxes = {target for pid in standing for target in opened_by(pid).values()}
    paths = [
        Path(folder, name)
        for folder, folders, names in os.walk(runtime_directory)
        for name in (*folders, *names)
    ]
    return [
        f"file {path.relative_to(runtime_directory)}"
        for path in paths
        if mailbox_of(path) not in mailboxes
    ]


def parcels(node_directory: str) -> list[Path]:
    """The payloads of this node that nobody has opened."""
    walk = os.walk(f"{node_directory}/parcels")  # which does not mind what is removed meanwhile
    return [Path(directory, name) for directory, _, names in walk for name in names]


def mailbox_of(path: Path) -> str:
    """The mailbox of who has this name, or this directory; any other path is taken as it is."""
    if "parcels" in path.parts[:-1] and path.is_dir():
        node, _, rest = str(path).partition("/parcels/")
        return f"{node}/p/{rest.split('/')[0]}"
    try:
        serial = path.readlink()
    except OSError:
        return str(path)
    return str(path.parents[1] / "p" / serial)


def leftovers(before: Footprint, runtime_directory: Path, within: float) -> list[str]:
    """What is there that was not there `before`; processes get `within` seconds to be gone."""
    deadline = time.monotonic() + within
    while left := footprint(runtime_directory) - before:
        if time.monotonic() > deadline:
            return sorted(left)
        time.sleep(0.002)
    return []
