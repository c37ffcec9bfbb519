"""The node: all processes of one program, started at the first use of the library.

You rarely need this module. A node begins by itself and ends with the program that began it: the
supervision trees are shut down in order, and nothing is left, whatever the program died of.

>>> from otp import node
>>> node.current().name
'node'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from otp.runtime import boot

__all__ = ["Node", "current", "start", "stop"]


@dataclass(frozen=True, slots=True)
class Node:
    """A running node."""

    id: str
    """Unique for ever; every `Pid` carries it."""
    name: str
    directory: str
    """Where its pipes lie; it is gone when the node is."""
    os_pid: int | None
    """The OS process of its kernel; None in a process that did not start the node."""


def start(*, name: str | None = None, preload: Sequence[str] = ()) -> Node:
    """Start the node of this program, if it is not to be the default one.

    `name` is shown in its directory's name. `preload` are modules (dotted names) that every
    process is to find imported: they are imported once, before the first process is forked, so
    they must start no threads (but such as end at a fork, as numpy's do), and what they open is
    shared by all. This is also the place to set up `logging` for all processes, which otherwise
    log as a fresh interpreter does.

    Raises `RuntimeError` if this program has a node already, `NodeDown` if it cannot be started
    (the text says why), `PermissionError` if the runtime directory is not ours alone.
    """
    if name is not None and not (isinstance(name, str) and name.isidentifier()):
        raise ValueError(f"name is to be an identifier such as 'shop', not {name!r}")
    if (
        isinstance(preload, str)
        or not isinstance(preload, Sequence)
        or not all(isinstance(module, str) for module in preload)
    ):
        raise TypeError(f"preload is to be a list of module names, not {preload!r}")
    return _shown(boot.start(name, preload))


def stop() -> None:
    """End the node in good order, as the end of the program does (Erlang's `init:stop/0`).

    In the program: returns when no process is left; the next use of the library starts a new
    node. Ctrl-C meanwhile kills who is left. In a process of the node: returns at once; the process
    ends with the node.
    """
    member = boot.membership()
    if member is not None and not member.is_ours:
        boot.ask_to_stop()
    else:
        boot.stop()


def current() -> Node:
    """The node of this program or process; one is started if there is none."""
    return _shown(boot.ensure())


def _shown(member: boot.Membership) -> Node:
    place = member.place
    return Node(place.id, member.name, place.root, member.os_pid or None)
