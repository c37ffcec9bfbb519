"""Supervisors on the pretended node.

What is to be done they decide as the real ones do, by `otp.behaviour.restarting` and `Children`;
what `healing`, `stopping` and `runtime.starting` do about it is done here in deeds that can wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

from otp.behaviour.child import ChildSpec
from otp.behaviour.children import Child, Children
from otp.behaviour.healing import TryAgain
from otp.behaviour.restarting import Group, add_restart, decide, group, shuts_down, too_many
from otp.behaviour.supervisor_flags import Flags
from otp.runtime import signalling
from otp.runtime.reasons import pack_reason
from otp.terms import Down, Exit, Pid, Shutdown
from otp.wire import protocol as say
from tests.havoc.simulation.facts import Broken
from tests.havoc.simulation.living import Life
from tests.havoc.simulation.node import Node
from tests.havoc.simulation.speaking import Deed
from tests.unit.playing import ORDER


def _spec(id: str, restart: Any = "permanent", **more: Any) -> ChildSpec:
    return ChildSpec(id, dict, restart, **more)


FAMILIES: Final = [
    (Flags(intensity=2), (_spec("a"), _spec("b", "transient"))),
    (Flags("one_for_all", intensity=3), (_spec("a"), _spec("b", shutdown="brutal_kill"))),
    (Flags("rest_for_one", intensity=3),
     (_spec("a"), _spec("b", "temporary"), _spec("c", shutdown="infinity"))),
    (Flags(intensity=1), (_spec("a"), _spec("s", kind="supervisor"))),
    (Flags("rest_for_one", auto_shutdown="any_significant"),
     (_spec("a"), _spec("b", "transient", significant=True))),
]  # fmt: skip
_ORDERLY: Final = ("normal", "shutdown")
_INNER: Final = 0  # the family of a supervisor in a family


def supervisor(node: Node, life: Life, name: str, family: int) -> Deed:
    """Start one, linked to this process."""
    return _start(node, life, name, lambda child, ack: _supervise(node, child, life, ack, family))


def _start(
    node: Node, life: Life, name: str, body: Callable[[Life, int], Deed], label: str | None = None
) -> Deed:
    """As `otp.runtime.starting`: the child that has acknowledged, or None."""
    context = life.context
    awaited, ack, monitor = context.mailbox.awaited, context.new_tag(), context.new_tag()
    awaited[ack] = awaited[monitor] = context.monitors[monitor] = None
    child = node.expect(name, life, lambda child: body(child, ack))
    order = {**ORDER, "label": name, "link": True, "monitor": monitor, "name": label}
    outcome, *more = yield from life.ask(say.SPAWN, order)
    started = None
    if outcome == "ok":
        child.serial = more[0]
        yield lambda: awaited[ack] is not None or awaited[monitor] is not None
        started = yield from _came(life, child, ack, monitor)
    else:
        child.is_over = True
        context.monitors.pop(monitor)
    del awaited[ack], awaited[monitor]
    return started


def _came(life: Life, child: Life, ack: int, monitor: int) -> Deed:
    """What came first, the acknowledgement or the death."""
    context = life.context
    frame = context.mailbox.awaited[ack]
    if frame is not None and context.opener.value(frame):
        context.demonitor(monitor)
        return child
    yield lambda: context.mailbox.awaited[monitor] is not None
    for frame in list(context.mailbox.arrived):
        if frame[0] == say.EXIT and frame[1] == child.serial and not frame[2]:
            context.mailbox.arrived.remove(frame)
    return None


def _serve(child: Life, starter: Life, ack: int) -> Deed:
    """A worker: it acknowledges, and from then on does what the schedule says."""
    yield from child.send(starter.serial, say.REPLY, ack, value=True)


def _supervise(node: Node, life: Life, starter: Life, ack: int, family: int) -> Deed:
    life.receives = life.context.trapping = True
    team = Team(node, life, *FAMILIES[family])
    node.teams.append(team)
    failed = yield from team.start_all([child.key for child in team.children])
    if failed is not None:
        yield from team.stop_all()
        yield from life.send(starter.serial, say.REPLY, ack, value=False)
        life.leave(pack_reason(Shutdown(("failed_to_start_child", failed))))
    yield from life.send(starter.serial, say.REPLY, ack, value=True)
    while True:
        team.is_resting = True
        message = yield from life.receive(lambda message: True)
        team.is_resting = False
        yield from team.hear(message, starter.pid)


class Team:
    """A supervisor and its children."""

    def __init__(self, node: Node, life: Life, flags: Flags, specs: Iterable[ChildSpec]) -> None:
        self.node, self.life, self.flags = node, life, flags
        self.children = Children(flags.strategy)
        for spec in specs:
            self.children.add(spec)
        self.restarts: tuple[int, ...] = ()
        self.is_resting = False
        self._when: list[float] = []
        self._born: Counter[str] = Counter()
        self._ends: dict[str, Any] = {}
        """Why a child has ended by itself, until it is started again."""

    def hear(self, message: Any, parent: Pid) -> Deed:
        match message:
            case Exit(pid, reason) if pid == parent:
                yield from self._end(reason)
            case Exit(pid, reason):
                child = self.children.running(pid)
                ends = child is not None and (yield from self._ended(child, reason))
            case TryAgain(key):
                child = self.children.find(key)
                ends = child is not None and child.restarting and (yield from self._again(child))
            case _:
                return
        if ends:
            yield from self._end("shutdown")

    def _end(self, reason: Any) -> Deed:
        yield from self.stop_all()
        self.life.leave(pack_reason(reason))

    # ---- as `otp.behaviour.healing`

    def start_all(self, keys: Iterable[Any]) -> Deed:
        """The key of one that does not start."""
        for key in keys:
            spec = self.children.get(key).spec
            self._born[key] += 1
            name = f"{self.life.name}.{key}{self._born[key]}"
            started = yield from _start(self.node, self.life, name, self._body(spec))
            if started is None:
                return key
            self.children.started(key, started.pid)
            self._ends.pop(key, None)
        return None

    def _body(self, spec: ChildSpec) -> Callable[[Life, int], Deed]:
        node, me = self.node, self.life
        if spec.kind == "supervisor":
            return lambda child, ack: _supervise(node, child, me, ack, _INNER)
        return lambda child, ack: _serve(child, me, ack)

    def stop_all(self) -> Deed:
        for child in reversed(list(self.children)):
            yield from self._stop(child)

    def _stop(self, child: Child) -> Deed:
        if child.pid is not None:
            yield from stop_one(self.life, child.pid, child.spec.shutdown)
        self.children.ended(child.key)

    def _ended(self, child: Child, reason: Any) -> Deed:
        self._ends[child.key] = reason
        decision = decide(self.flags.strategy, self.children.family, child.key, reason)
        if decision.restart is not None:
            return (yield from self._restart(child, decision.restart))
        self.children.ended(child.key)
        left = self.children.significant_left()
        return shuts_down(self.flags.auto_shutdown, child.spec.significant, left)

    def _again(self, child: Child) -> Deed:
        members = group(self.flags.strategy, self.children.family, child.key)
        return (yield from self._restart(child, members))

    def _restart(self, child: Child, members: Group) -> Deed:
        now = self.node.system.now
        self.restarts = add_restart(self.restarts, now, self.flags.period)
        if too_many(self.restarts, self.flags.intensity):
            self.children.ended(child.key)
            return True
        self._counted(now)
        former = child.pid or child.former
        self.children.down(child.key)
        for key in members.stop:
            yield from self._stop(self.children.get(key))
        failed = yield from self.start_all(members.start)
        if failed is not None:
            self.children.not_restarted(failed, former if failed == child.key else None)
            signalling.send_to_oneself(self.life.context, TryAgain(failed))
        return False

    def _counted(self, now: float) -> None:
        self._when = [*(then for then in self._when if then > now - self.flags.period), now]
        if len(self._when) > self.flags.intensity:
            raise Broken(f"{self.life.name} restarts more often than its intensity allows")

    # ---- what holds when nothing moves

    def check(self) -> None:
        """It lives and has all its children, or it is dead and so are they."""
        name = self.life.name
        alive = self.node.kernel.account.alive
        below = [x for x in self.node.lives.values() if x.parent is self.life and x.serial in alive]
        if self.life.is_over:
            if left := [x.name for x in below if not self._is_loose(x)]:
                raise Broken(f"{name} is dead, and its children {left} live")
            return
        pids = [child.pid.id for child in self.children if child.pid is not None]
        if {life.serial for life in below if not self._is_loose(life)} - set(pids):
            raise Broken(f"{name} has forgotten a child")
        links = self.node.kernel.account.links
        for child in self.children:
            serial = child.pid.id if child.pid is not None else 0
            linked = (min(serial, self.life.serial), max(serial, self.life.serial)) in links
            if linked and serial not in alive:
                raise Broken(f"{name} takes a dead child for living")
            if child.pid is None and self._misses(child):
                raise Broken(f"{name} has lost its child {child.key}")
        if self.flags.strategy in ("one_for_all", "rest_for_one") and pids != sorted(pids):
            raise Broken(f"{name} has started its children in another order")

    def _misses(self, child: Child) -> bool:
        """It should have been started again, or be forgotten."""
        orderly = self._ends.get(child.key, "normal") in _ORDERLY
        return child.spec.restart != "transient" or not orderly

    def _is_loose(self, life: Life) -> bool:
        """It was unlinked; or has signalled its supervisor, which takes that for its end."""
        pair = (life.serial, self.life.serial)
        signalled = {(sender, to) for sender, to, _ in self.node.street.signals}
        return pair in self.node.kernel.account.unlinked or pair in signalled


def stop_one(life: Life, pid: Pid, shutdown: Any) -> Deed:
    """As `otp.behaviour.stopping`."""
    tag, now = signalling.monitor(life.context, pid), life.street.system.now

    def down(message: Any) -> bool:
        return isinstance(message, Down) and message.ref.id == tag

    yield from life.signal(pid.id, "kill" if shutdown == "brutal_kill" else "shutdown")
    until = None if isinstance(shutdown, str) else now + shutdown
    if (yield from life.receive(down, until)) is None:
        yield from life.signal(pid.id, "kill")
        yield from life.receive(down)
    yield from life.ask(say.UNLINK, pid.id)
    told = [f for f in life.context.mailbox.arrived if f[:3] == (say.EXIT, pid.id, 0)]
    for frame in told:
        life.context.mailbox.arrived.remove(frame)
