"""What the kernel's decisions promise of any requests whatever (`otp.kernel.state`).

An input is frames, one after another, as they would stand in the kernel's pipe. They are put to a
kernel that has some processes with all that may be between them; then time goes by and all of
them end.

1. `step` raises nothing but an `Exception`, which the kernel logs; `tick` raises nothing
2. the rules of `otp.kernel.table` hold after every request
3. it is decided at once, and what comes of a request is not out of proportion
4. whatever was said, the node can be ended, and then nothing of it is left
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pickle import dumps
from typing import Any, Final

from otp.kernel import (
    ending,
    graph,
    groups,
    lives,
    names,
    questions,
    signals,
    table,
    timers,
    warming,
)
from otp.kernel import state as kernel
from otp.kernel.effects import Effect, Halt
from otp.kernel.table import State
from otp.wire import plain
from otp.wire import protocol as say
from otp.wire.codec import flat
from otp.wire.frame import CorruptFrame, Frame, pack, split
from tests.havoc.hostile_bytes.fuzzing import Target
from tests.havoc.hostile_bytes.wire import hold

PROGRAM: Final = 100
MAIN, WORKER, OTHER, DEAF = 2, 3, 4, 5
ORDER: Final[dict[str, Any]] = {
    "link": True, "monitor": 7, "name": None, "label": "worker", "patience": 5.0,
    "module": "m", "work": b"work", "in_parcel": False, "surroundings": {"path": ["a"]},
}  # fmt: skip
_MOST: Final = 1_000_000  # bytes that come of one request


def real() -> list[tuple[int, int, tuple[Any, ...]]]:
    """A request of each kind: kind, sender, arguments."""
    return [
        (say.ATTACH, 0, ("new-200-1-1", 200, True)), (say.KNOCK, 0, ("new-200-1-2", 200)),
        (say.READY, WORKER, ("m", {"path": ["a"]}, 1003)), (say.EXITING, WORKER, (flat("x"), 0, 0)),
        (say.SURVIVED, WORKER, (MAIN, 1)), (say.SPAWN, MAIN, (ORDER,)),
        (say.SPAWN, WORKER, ({**ORDER, "name": "n", "in_parcel": True, "work": b"n0/3/1"},)),
        (say.LINK, MAIN, (WORKER,)), (say.UNLINK, MAIN, (WORKER,)),
        (say.MONITOR, MAIN, (8, WORKER)), (say.MONITOR, MAIN, (9, "name")),
        (say.DEMONITOR, MAIN, (8,)), (say.SIGNAL, MAIN, (WORKER, flat("out"), False, 1)),
        (say.SIGNAL, MAIN, (WORKER, flat("kill"), True, 2)), (say.REGISTER, MAIN, ("x", OTHER)),
        (say.UNREGISTER, MAIN, ("name",)), (say.REGISTERED, MAIN, ()), (say.PROCESSES, MAIN, ()),
        (say.START_TIMER, MAIN, (5, 9.0, (say.MESSAGE, WORKER, flat("t")))),
        (say.START_TIMER, MAIN, (6, 9.0, (say.TIMEOUT, "name", flat("t")))),
        (say.CANCEL_TIMER, OTHER, (MAIN, 5)), (say.READ_TIMER, OTHER, (WORKER, 5)),
        (say.TIMER_LEFT, WORKER, (OTHER, 77, 3.0)), (say.REASON_OF, MAIN, (WORKER, 1)),
        (say.IS_ALIVE, MAIN, (WORKER,)), (say.INFO, MAIN, (WORKER,)), (say.STOP, 0, ()),
        (say.HIBERNATING, WORKER, (True,)), (say.STALE, WORKER, ("m",)),
        (say.PARCELS, MAIN, (WORKER,)), (say.LIMIT, WORKER, (1.0,)), (say.LIMIT, WORKER, (None,)),
        (say.FORKED, 1, (OTHER, 1004, b"")), (say.REAPED, 1, (1003, -9)),
        (say.WARMED, 1, (["m"], [], True)),
    ]  # fmt: skip


_ODD: Final[tuple[Any, ...]] = (
    None, True, -1, 2**70, 2**2000, float("nan"), float("inf"), -1.0, "", "x" * 3000, "\ud800",
    "a\0b", b"", (), [], {}, [[]], (1, []), (say.MESSAGE, [], b""), (say.MESSAGE, 2**70, b""),
)  # fmt: skip
"""In place of any argument, and of any entry of an order."""


def with_odd_arguments() -> Iterator[bytes]:
    for kind, sender, args in real():
        for at in range(len(args)):
            for odd in _ODD:
                yield pack(kind, sender, 77, dumps((*args[:at], odd, *args[at + 1 :]), 5))
    for key in ORDER:
        for odd in _ODD:
            yield pack(say.SPAWN, MAIN, 77, dumps(({**ORDER, key: odd},), 5))


def _seeds() -> tuple[bytes, ...]:
    each = [pack(kind, sender, 77, dumps(args, 5)) for kind, sender, args in real()]
    to, frame = b"\3\0\0\0", pack(say.MESSAGE, MAIN, 0, flat(1))
    raw = [pack(say.RING, MAIN, 77, to), pack(say.DELIVER, MAIN, 77, to + frame)]
    return (*each, *raw, b"".join(each[:20]), b"".join(each[10:]), *with_odd_arguments())


def a_node() -> State:
    """The program, two workers and one that is not forked yet, and all that can be between them."""
    state = State(program=PROGRAM)
    for kind, sender, args in (
        (say.ATTACH, 0, ("new-100-1-1", PROGRAM, True)),
        (say.SPAWN, MAIN, (ORDER,)),
        (say.SPAWN, WORKER, ({**ORDER, "name": "name"},)),
        (say.SPAWN, MAIN, ({**ORDER, "patience": None},)),
        (say.FORKED, 1, (WORKER, 1003, b"")),
        (say.FORKED, 1, (OTHER, 1004, b"")),
        (say.MONITOR, OTHER, (8, "name")),
        (say.START_TIMER, OTHER, (5, 50.0, (say.MESSAGE, WORKER, flat("t")))),
        (say.SIGNAL, MAIN, (WORKER, flat("out"), False, 1)),
        (say.REASON_OF, OTHER, (WORKER, 1)),
        (say.IS_ALIVE, MAIN, (WORKER,)),
    ):
        kernel.step(state, (kind, sender, 70, dumps(args)), 0.0)
    return state


def a_kernel_bears_it(data: bytes) -> None:
    state = a_node()
    try:
        frames, _ = split(data)
    except CorruptFrame as error:
        frames = error.frames
    for each in frames:
        _one(state, each)
    for now in (1.5, 60.0, 1e12):
        kernel.next_deadline(state)
        kernel.tick(state, now)
    _consistent(state)
    _ends(state)


def _one(state: State, each: Frame) -> None:
    if each[0] == say.STOP:
        return  # the end is tried in the end
    before = state.last_serial
    try:
        effects = kernel.step(state, each, 1.0)
    except MemoryError:
        raise
    except Exception as error:
        effects = kernel.refuse(each, error)
        hold(len(str(error)) < 2000, f"{type(error).__name__} has {len(str(error))} characters")
    hold(sum(map(_size, effects)) <= _MOST, "so much comes of so little")
    hold(state.last_serial <= before + 2, "one request, and many are made")
    kernel.next_deadline(state)
    kernel.tick(state, 1.0)
    _consistent(state)


def _size(effect: Effect) -> int:
    return len(getattr(effect, "payload", b"") or getattr(effect, "order", b""))


def _consistent(state: State) -> None:
    """The rules of the kernel's tables."""
    known = state.processes.keys()
    for name, serial in state.names.items():
        hold(serial in known and state.processes[serial].name == name, f"whose is {name!r}?")
    hold({p.name for p in state.processes.values()} - {None} == state.names.keys(), "a lost name")
    hold(state.timers_to.keys() <= known, "timers to the dead")
    hold(state.spared.items.keys() <= known, "the dead are spared")
    hold(state.patience.items.keys() <= known, "the dead are waited for")
    asked = {serial for _, _, (serial, _) in state.questions.items.values()}
    hold(asked <= known, "the dead are asked")
    for serial, process in state.processes.items():
        hold(process.serial == serial, "somebody else's number")
        others = state.graph._links.get(serial, ())
        hold(all(serial in state.graph._links[other] for other in others), "a link to one side")
    for when, _, timer in state.timers.items.values():
        hold(when == when, "a timer is due at no time")  # noqa: PLR0124 - NaN is not
        hold(isinstance(timer.destination, str) or timer.destination in known, "a timer to nobody")


def _ends(state: State) -> None:
    """All that must come of the end, in the order in which an operating system would tell it."""
    now = 1e12
    effects = kernel.step(state, (say.STOP, 0, 0, dumps(())), now)
    for launcher in list(state.launchers):
        kernel.step(state, (say.FORKED, say.LAUNCHER, 0, dumps((launcher, 0, b""))), now)
    for serial in sorted(state.processes):
        with suppress(ValueError):  # forked by one who is none any more
            step = (say.FORKED, say.LAUNCHER, 0, dumps((serial, 0, flat("gone"))))
            effects += kernel.step(state, step, now)
    for os_pid in sorted(state.workers):
        effects += kernel.step(state, (say.REAPED, say.LAUNCHER, 0, dumps((os_pid, 0))), now)
    for os_pid in list(state.threads._members):
        effects += lives.gone(state, os_pid, now)
    hold(not state.processes, f"they live on: {state.processes}")
    hold(Halt() in effects, "the node does not end")
    _consistent(state)
    left = [state.names, state.timers_to, state.spared.items, state.patience.items,
            state.questions.items, state.brood, state.threads, state.children]  # fmt: skip
    hold(not any(left), f"left over: {left}")


TARGET: Final = Target(
    "requests",
    "refused, or decided by the rules; the node can be ended",
    (
        kernel,
        lives,
        signals,
        timers,
        names,
        warming,
        ending,
        questions,
        groups,
        graph,
        table,
        plain,
    ),
    _seeds(),
    a_kernel_bears_it,
    share=7,
)
