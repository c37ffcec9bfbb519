"""One victim, one kill, and what must hold after it, whatever the victim did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from otp import gen_server, process
from otp.terms import Down, Exit, Pid, Ref
from tests.expecting import at_most, expect, flush
from tests.havoc.killing.hunter import Point
from tests.havoc.killing.path import Path
from tests.havoc.killing.world import World

PATIENCE = 10.0  # seconds until a trial is stuck


def try_point(world: World, path: Path, number: int) -> tuple[Point, list[str]]:
    """Where the victim was killed, and what was wrong then."""
    with at_most(PATIENCE):
        process.send(world.listener, "before")
        victim, os_pid = path.stage()
        ref = _watch(world, victim) if path.watched else None
        path.prepare()
        world.hunter.seize(os_pid)
        point = _kill(world, path, victim, number)
        return point, list(_complaints(world, path, victim, ref, point))


def _watch(world: World, victim: Pid) -> Ref:
    ref = process.monitor(victim)
    gen_server.call(world.listener, ("watch", victim))
    return ref


def _kill(world: World, path: Path, victim: Pid, number: int) -> Point:
    if path.blocks:
        killed = world.hunter.run_to_and_kill(number)
        path.go(victim)
        return killed.result()
    reached = world.hunter.run_to(number)
    path.go(victim)
    point = reached.result()
    path.meanwhile()
    if not point.ended:
        world.hunter.kill()
    return point


def _complaints(
    world: World, path: Path, victim: Pid, ref: Ref | None, point: Point
) -> Iterator[str]:
    told = [] if ref is None else _told(path, victim, ref)
    process.info(world.me)  # the kernel has told everybody else too
    path.clean()
    process.send(world.listener, "after")
    heard = _heard(world, bool(told))
    if told:
        yield from _news(path, told, heard)
    yield from path.complaints([m for m in heard if not isinstance(m, Down)], point)
    yield from _remains(world)


def _told(path: Path, victim: Pid, ref: Ref) -> list[Down | Exit]:
    """What we hear of its end."""
    down = expect(lambda message: isinstance(message, Down) and message.ref == ref)
    if not path.linked:
        return [down]
    return [down, expect(lambda message: isinstance(message, Exit) and message.pid == victim)]


def _news(path: Path, told: list[Down | Exit], heard: list[Any]) -> Iterator[str]:
    """Whether its end was told once to everybody, with one reason, after all that it has said."""
    downs = [message for message in heard if isinstance(message, Down)]
    reasons = [news.reason for news in (*told, *downs)]
    if len(downs) != 1 or any(reason != reasons[0] for reason in reasons):
        yield f"its end was told as {told}, {downs}"
    if reasons[0] not in path.reasons:
        yield f"the reason of its end is {reasons[0]!r}"
    if process.is_alive(told[0].pid):
        yield "the dead is said to be alive"
    if late := [message for message in heard[heard.index(downs[0]) + 1 :] if path.is_said(message)]:
        yield f"it has said after its death: {late}"


def _heard(world: World, watched: bool) -> list[Any]:
    """What the listener has heard, up to the news of the death if it has watched."""
    heard: list[Any] = world.heard()
    while watched and not any(isinstance(message, Down) for message in heard):
        heard += world.heard()
    return heard


def _remains(world: World) -> Iterator[str]:
    there = world.footprint()
    for line in (there - world.rest).elements():
        yield f"left behind: {line}"
    for line in (world.rest - there).elements():
        yield f"missing: {line}"
    if left := flush():
        yield f"our own mailbox holds {left}"
