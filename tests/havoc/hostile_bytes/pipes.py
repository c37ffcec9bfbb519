"""Frames that nobody of ours has written, in the pipes of all."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pickle import dumps
from typing import Any, Final

from otp.kernel import state
from otp.wire import protocol as say
from otp.wire.codec import flat
from otp.wire.frame import HEAD, LIMIT, CorruptFrame, Frame, header, pack, split
from otp.wire.plain import plain
from tests.havoc.hostile_bytes.mutating import mutated
from tests.havoc.hostile_bytes.requests import real, with_odd_arguments
from tests.havoc.hostile_bytes.world import World

Case = Callable[[World], object]

_KINDS: Final = [kind for name, kind in vars(say).items() if name.isupper() and kind <= say.WARMED]
_ASKS: Final = {say.INFO, say.IS_ALIVE, say.PROCESSES, say.REGISTERED, say.REASON_OF,
                say.READ_TIMER, say.TIMER_LEFT, say.SURVIVED, say.RING}  # fmt: skip
"""Requests that change nothing: a true one may be made in any name."""
_TICKETS: Final = [
    b"", b"n", b"n../../x", b"n5/2/1", b"s5/2/1", b"n0/2/1", b"n1/0/0", b"n99999999999/1/1",
    b"n1/1/1" + bytes(100), b"\xff" * 50, b"n5/2/" + b"1" * 3000,
]  # fmt: skip
_NONSENSE: Final = [
    b"", b"no pickle", dumps(()), dumps(None), dumps((2, 2, 2)), dumps(("x", -1, True)),
    dumps(ValueError("code")), b"\x80\x05Nr\xff\xff\xff\x0f.", b"\x80\x05]\x94h\x00a.",
    b"\x80\x05)" + b"\x94h\x00\x86" * 30 + b".", b"\x80\x05" + b"(" * 2000 + b".",
]  # fmt: skip


def cases(chance: random.Random) -> Iterator[tuple[str, Case]]:
    """Without end."""
    while True:
        yield chance.choice(_WAYS)(chance)


def _to_anyone(what: str, to: str, *writes: bytes) -> tuple[str, Case]:
    def write(world: World) -> None:
        frames = [each for data in writes for each in _frames(data)]
        if to != "kernel" or all(_is_refused(each) for each in frames):
            world.write(world.serial(to), *writes)

    return f"{what} for the {to}: {writes!r}", write


def _frames(data: bytes) -> list[Frame]:
    try:
        return split(data)[0]
    except CorruptFrame as error:
        return error.frames


def _is_refused(frame: Frame) -> bool:
    """Whoever runs as this user may ask the kernel for anything; that is no case of ours."""
    kind, _, _, payload = frame
    if kind in _ASKS:
        return True
    if kind == say.DELIVER:
        return False
    known = state._REQUESTS.get(kind)
    if known is None:
        return True
    with suppress(Exception):
        args = plain(payload)
        return not (isinstance(args, tuple) and all(map(isinstance, args, known.types)))
    return True


def _is_deadly(data: bytes) -> bool:
    """An exit signal that is one ends whom it is written to: no case of ours either."""
    kinds = {frame[0] & ~say.PARCEL for frame in _frames(data)}
    return bool(kinds & {say.EXIT, say.KILL, say.STOP})


_TO: Final = ("kernel", "launcher", "victim", "thread", "probe")


def _changed(chance: random.Random) -> tuple[str, Case]:
    """Real frames, with bits flipped, cut off, doubled, spliced."""
    data = b""
    while not data or _is_deadly(data):
        data = mutated(chance, _real(chance), [_real(chance), b"text\n"])[:4096]
    return _to_anyone("changed frames", chance.choice(_TO), data)


def _real(chance: random.Random) -> bytes:
    kinds = (say.MESSAGE, say.CALL, say.CAST, say.SYSTEM, say.REPLY, say.ANSWER, say.DOWN)
    some = [pack(chance.choice(kinds), chance.randrange(9), 7, flat("x")) for _ in range(3)]
    return chance.choice([*some, b"".join(some), *map(_packed, chance.sample(real(), 3))])


def _packed(request: tuple[int, int, Any]) -> bytes:
    kind, sender, args = request
    return pack(kind, sender, 77, dumps(args))


def _of_any_kind(chance: random.Random) -> tuple[str, Case]:
    """Kinds known and unknown, in anybody's name, with nonsense for a payload."""
    kind = chance.choice([*_KINDS, chance.randrange(128)])
    if kind in (say.EXIT, say.KILL, say.STOP):
        kind = say.ANSWER
    sender = chance.choice([0, 1, 2, 3, 999_999, 2**32 - 1])
    data = pack(kind, sender, chance.choice([0, 1, 2**64 - 1]), chance.choice(_NONSENSE))
    return _to_anyone("nonsense", chance.choice(_TO), data)


def _by_parcel(chance: random.Random) -> tuple[str, Case]:
    kind = chance.choice([k for k in _KINDS if k not in (say.EXIT, say.KILL, say.PARCEL, say.STOP)])
    data = pack(kind | say.PARCEL, chance.choice([0, 1, 999_999]), 9, chance.choice(_TICKETS))
    return _to_anyone("a forged ticket", chance.choice(_TO), data)


def _odd_request(chance: random.Random) -> tuple[str, Case]:
    return _to_anyone("a request with an odd argument", "kernel", chance.choice(_ODD)[:4096])


_ODD: Final = list(with_odd_arguments())


def _in_halves(chance: random.Random) -> tuple[str, Case]:
    """A long frame is begun; what follows is another's."""
    cut = chance.randrange(HEAD, 200)
    frame = header(HEAD + LIMIT, say.VERSION, say.MESSAGE, 3, 0) + bytes(200)
    return _to_anyone("half a frame", chance.choice(_TO), frame[:cut])


def _other_version(chance: random.Random) -> tuple[str, Case]:
    version, size = chance.choice([0, 2, 255]), chance.choice([0, 5, HEAD, 4097, 65535])
    data = header(size, chance.choice([say.VERSION, version]), say.MESSAGE, 3, 0)
    return _to_anyone("a header that is none", chance.choice(_TO), data)


def _very_many(chance: random.Random) -> tuple[str, Case]:
    frame = pack(
        chance.choice([say.REPLY, say.ANSWER, say.DOWN, 30]), 3, 999_999, flat("never asked")
    )
    return _to_anyone("very many", chance.choice(_TO), *[frame * 40] * 200)


_WAYS: Final = [
    _changed, _changed, _changed, _of_any_kind, _of_any_kind, _by_parcel, _by_parcel, _odd_request,
    _odd_request, _odd_request, _in_halves, _other_version, _very_many,
]  # fmt: skip
