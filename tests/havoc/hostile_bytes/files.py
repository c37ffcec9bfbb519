"""What somebody has put, changed or removed in the directories of a node while it works."""

from __future__ import annotations

import os
import random
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from otp import gen_server, process
from otp.errors import CallError
from otp.wire import parcel
from otp.wire import protocol as say
from otp.wire.frame import pack
from tests.havoc.hostile_bytes.world import Harm, World
from tests.servers.counter import Counter

Case = Callable[[World], object]
_NAME: Final = "planted"
_LONG: Final = bytes(20_000)
_NOBODY: Final = 999_999


def cases(chance: random.Random) -> Iterator[tuple[str, Case]]:
    """Without end."""
    while True:
        yield chance.choice(_WAYS)(chance)


# ---- what may lie somewhere


def _a_link(path: str, to: str) -> None:
    os.symlink(to, path)


def _a_socket(path: str) -> None:
    directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as made:  # whose path may have a hundred bytes
            made.bind(f"/proc/self/fd/{directory}/{os.path.basename(path)}")
    finally:
        os.close(directory)


def _a_directory(path: str) -> None:
    os.mkdir(path)
    with open(f"{path}/within", "w") as file:
        file.write("x")


def _a_file(path: str, content: bytes = b"") -> None:
    with open(path, "wb") as file:
        file.write(content)


_THINGS: Final[dict[str, Callable[[str], Any]]] = {
    "a loop": lambda path: _a_link(path, path),
    "a link to nothing": lambda path: _a_link(path, "/nothing"),
    "a FIFO": os.mkfifo, "a socket": _a_socket, "a directory": _a_directory, "a file": _a_file,
    "a link to garbage": lambda path: _a_link(path, "12\u0663 x"),
    "a link to a negative": lambda path: _a_link(path, "-1"),
    "a link to the kernel": lambda path: _a_link(path, "0"),
}  # fmt: skip


def _thing(chance: random.Random) -> tuple[str, Callable[[str], Any]]:
    return chance.choice(list(_THINGS.items()))


def _gone(path: str) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)


# ---- names


def _in_names(chance: random.Random) -> tuple[str, Case]:
    """Whoever is sent to by a name that leads nowhere hears of it as of any that is free."""
    what, make = _thing(chance)

    def case(world: World) -> None:
        path = world.place.name(_NAME)
        make(path)
        try:
            with suppress(ValueError):  # nobody has the name
                process.send(_NAME, "hello")
            with suppress(CallError):
                gen_server.call(_NAME, "count", 1.0)
            process.whereis(_NAME)
        finally:
            _gone(path)

    return f"{what} in names", case


def _name_taken_by_force(chance: random.Random) -> tuple[str, Case]:
    """Who registers a name has it, whatever lay there before."""
    what, make = _thing(chance)

    def case(world: World) -> None:
        make(world.place.name(_NAME))
        process.register(_NAME, world.victim)
        if process.whereis(_NAME) != world.victim:
            raise Harm(f"a name was given, and leads to {process.whereis(_NAME)}")
        process.unregister(_NAME)

    return f"{what} where a name is to be", case


def _odd_name(chance: random.Random) -> tuple[str, Case]:
    name = chance.choice(["\0", "\ud800", "a\0b", "..", "/", "x" * 100_000, "\u202e" * 90, "%2E"])

    def case(world: World) -> None:
        process.register(name, world.victim)
        gen_server.call(name, "count", 1.0)
        process.unregister(name)

    return f"the name {name[:20]!r}", case


# ---- mailboxes


def _next_serial(world: World) -> int:
    ref = process.spawn_monitor(os.getpid)[0]
    return ref.id + 1


def _where_a_mailbox_is_to_be(chance: random.Random) -> tuple[str, Case]:
    """One process cannot be made, and who asks for it is told so; the next can."""
    what, make = _thing(chance)

    def case(world: World) -> None:
        path = world.place.pipe(_next_serial(world))
        make(path)
        with suppress(OSError):
            process.exit(gen_server.start(Counter, 7, timeout=5.0), "kill")
        _gone(path)

    return f"{what} where a mailbox is to be", case


def _removed(chance: random.Random) -> tuple[str, Case]:
    """Whose mailbox, name or parcels are removed by somebody is out of reach, and nobody else."""
    which = chance.choice(["p", "parcels"])

    def case(world: World) -> None:
        _gone(f"{world.place.root}/{which}/{world.victim.id}")
        with suppress(Exception):
            gen_server.cast(world.victim, _LONG)
        world.ends(world.victim)
        world.renew()

    return f"removed: the victim's of {which}", case


# ---- parcels


def _content(chance: random.Random) -> bytes:
    pair = parcel._PAIR.pack
    index = pair(chance.choice([0, 5, 2**63, 2**64 - 1]), chance.choice([0, 1, 2**40, 2**64 - 1]))
    return chance.choice([
        b"", b"x", bytes(16), bytes(5000), b"\xff" * 64, index, index * 3, b"pickle" + index,
        b"\x80\x05]." + pair(0, 5), bytes(10_000) + pair(1, 9999),
    ])  # fmt: skip


_KINDS: Final = (say.MESSAGE, say.CALL, say.CAST, say.SYSTEM, say.REPLY, say.DOWN, say.ANSWER,
                 say.REFUSED, say.ALIASED, say.TIMER_ASKED, say.TIMEOUT, say.SWEEP)  # fmt: skip


def _bad_parcel(chance: random.Random) -> tuple[str, Case]:
    """A ticket that is right, and a file that is none."""
    kind, content = chance.choice(_KINDS), _content(chance)
    what, make = chance.choice([("a file", lambda path: _a_file(path, content)), _thing(chance)])
    whose = chance.choice(["victim", "thread", "kernel", "launcher"])
    if whose == "kernel":
        kind = chance.choice([say.LINK, say.SPAWN, say.REGISTER, say.INFO])
    elif whose == "launcher":
        kind = say.FORK

    def case(world: World) -> None:
        to = world.serial(whose)
        directory = f"{world.place.parcels}/{to}/{_NOBODY}"
        os.mkdir(directory)
        make(f"{directory}/1")
        world.write(to, pack(kind | say.PARCEL, _NOBODY, 9, b"n%d/%d/1" % (to, _NOBODY)))
        world.all_have_heard()
        _gone(directory)

    return f"{what} as a parcel of kind {kind} for the {whose}: {content[:40]!r}", case


def _swept(chance: random.Random) -> tuple[str, Case]:
    """A sender is said to be dead whose directory of parcels is something else."""
    what, make = _thing(chance)

    def case(world: World) -> None:
        path = f"{world.place.parcels}/{world.victim.id}/777"
        make(path)
        world.write(world.victim.id, pack(say.SWEEP, 777, 0))
        world.all_have_heard()
        if os.path.lexists(path):
            raise Harm(f"{what} stays where parcels of the dead were")

    return f"{what} where parcels of the dead are", case


def _foreign_spare(chance: random.Random) -> tuple[str, Case]:
    """Somebody has made our spare directory before us: with it, nobody of ours does anything."""
    linked, elsewhere = chance.random() < 0.5, tempfile.mkdtemp(prefix="otp-elsewhere-")

    def case(world: World) -> None:
        kept = f"{elsewhere}/{world.victim.id}/2/1"
        os.makedirs(os.path.dirname(kept))
        _a_file(kept, b"kept")
        os.chmod(elsewhere, 0o755)
        if linked:
            os.symlink(elsewhere, world.place.spare)
        else:
            os.rename(elsewhere, world.place.spare)
        try:
            world.write(world.victim.id, pack(say.SWEEP, 2, 0))
            world.all_have_heard()
            world.ends(world.victim)
            world.renew()
            if not os.path.exists(kept if linked else kept.replace(elsewhere, world.place.spare)):
                raise Harm("what is not ours was removed")
        finally:
            _gone(world.place.spare)
            _gone(elsewhere)

    return f"a spare directory of somebody else's: {'a link' if linked else 'open to all'}", case


_WAYS: Final = [
    _in_names, _name_taken_by_force, _odd_name, _where_a_mailbox_is_to_be, _removed, _bad_parcel,
    _bad_parcel, _bad_parcel, _swept, _foreign_spare,
]  # fmt: skip
