"""The real kernel, and somebody who compares what it does with what it should (`promises`)."""

from __future__ import annotations

from pickle import loads
from typing import Any

from otp.kernel import effects as act
from otp.kernel.acting import Acting, NotDone
from otp.kernel.main import Kernel
from otp.kernel.state import next_deadline
from otp.kernel.table import KILLED, SHUTDOWN
from otp.wire import protocol as say
from otp.wire.frame import Frame, split
from tests.havoc.simulation.facts import Broken, Verdict
from tests.havoc.simulation.pretending import Place
from tests.havoc.simulation.promises import Account
from tests.havoc.simulation.showing import effect_is, name_of
from tests.havoc.simulation.system import TO_KERNEL, System

PROGRAM = 100


class Log:
    """The kernel has nothing to complain of here: all that is asked is asked as it should be."""

    def exception(self, *args: Any) -> None:
        raise Broken(f"the kernel failed: {args}")

    error = exception


class WatchedActing(Acting):
    watcher: WatchedKernel

    def do(self, effect: act.Effect) -> None:
        self.watcher.effect(effect)
        try:
            super().do(effect)
        except NotDone:
            self.watcher.account.undone(effect.serial)
            raise

    def _send(self, effect: act.Send) -> None:
        self.watcher.sends(effect)
        super()._send(effect)


class WatchedKernel(Kernel):
    """`owed` is what it has said to each process that is not heard yet."""

    def __init__(self, system: System, place: Place) -> None:
        self.system = system
        self.account = Account(system, PROGRAM)
        self.history: list[str] | None = None
        self.owed: dict[int, list[tuple[int, int, int]]] = {}
        super().__init__(place, TO_KERNEL, 101, PROGRAM)  # type: ignore[arg-type]
        self._acting.watcher = self  # type: ignore[attr-defined]
        self._is_changed = False

    @property
    def is_over(self) -> bool:
        return self._acting.halted

    def go(self, at_most: float) -> None:
        """One turn; so many requests are there, if nothing else has come."""
        self.system.at_most = at_most
        self.system.in_kernel = True
        self.turn()
        self.system.in_kernel = False
        self._check_spared()
        self._check_timers()
        if self._is_changed:
            self._is_changed = False
            self._check_tables()

    def has_work(self) -> bool:
        """Whether a turn would do anything now."""
        if self.system.kernel.frames or self.system.poll(0.0):
            return True
        when = self.next_time()
        return when is not None and when <= self.system.now

    def next_time(self) -> float | None:
        """When it has something to do, without being asked."""
        return self._acting.soon(next_deadline(self._state))

    # ---- what is heard

    def _step(self, frame: Frame) -> None:
        if self.history is not None:
            self.history.append(f"    kernel reads {name_of(frame[0])} of {frame[1]}")
        self._is_changed = True
        self.account.asked(*frame)
        super()._step(frame)
        self._check_told()

    def _bury(self) -> None:
        for os_pid in self._gone:
            self._is_changed = True
            self._check_read(os_pid)
            self.account.gone(os_pid)
        super()._bury()
        self._check_told()

    def _check_read(self, os_pid: int) -> None:
        """What its threads have asked and said comes before their end."""
        dead = [s for s, known in self.account.alive.items() if known.os_pid == os_pid]
        unread, _ = split(b"".join(self.system.kernel.frames))
        for kind, sender, _, _ in (*self._hearing._heard, *unread):
            if sender in dead:
                raise Broken(f"{sender} is buried before its {name_of(kind)} is read")

    # ---- what is done

    def effect(self, effect: act.Effect) -> None:
        if self.history is not None:
            self.history.append(f"        {effect_is(effect)}")
        match effect:
            case act.Launch() if effect.asker != say.KERNEL:
                self.account.enter(effect.serial, effect.asker)
            case act.Welcome():
                self.account.attached(effect.serial, effect.os_pid)
            case act.Kill():
                known = self.account.alive.get(effect.to)
                asked = known is None or known.may_be_killed(self.system.now)
                if not (asked or self.account.ending):
                    raise Broken(f"{effect.to} is killed unasked, or too early")
                if known is not None and known.kill is None:
                    known.kill, known.until = Verdict(KILLED), self.system.now
            case act.Name():
                if self.account.names.get(effect.name) != effect.serial:
                    raise Broken(f"{effect.serial} gets the name {effect.name}")

    def sends(self, effect: act.Send) -> None:
        kind, to = effect.kind, effect.to
        if kind in (say.EXIT, say.DOWN):
            self._told(effect)
        elif kind in (say.ANSWER, say.REFUSED):
            self._answered(effect)
        elif kind in (say.MESSAGE, say.TIMEOUT):
            self._fired(effect)
        if f"p/{to}" in self.system.pipes:
            self.owed.setdefault(to, []).append((kind, effect.sender, effect.ref))
        elif kind not in (say.ANSWER, say.STOP):
            raise Broken(f"{effect_is(effect)}: it is dead")

    def _told(self, effect: act.Send) -> None:
        account, dead = self.account, effect.sender
        item = (effect.kind, effect.to, dead, effect.ref, effect.payload)
        if item in account.due:
            account.due.remove(item)
        elif not self._may_end(effect):
            raise Broken(f"{effect_is(effect)}: {loads(effect.payload)!r} is not to be told")
        if effect.kind == say.EXIT and (effect.ref or dead in account.alive):
            return
        system = self.system
        if dead and (dead in system.names.values() or f"p/{dead}" in system.pipes):
            raise Broken(f"{effect_is(effect)}: its name or pipe is still there")

    def _may_end(self, effect: act.Send) -> bool:
        """The node ends, and this one is told so instead of its parent, for the first time."""
        known = self.account.alive.get(effect.to)
        if known is None or not self.account.ending or effect.payload != SHUTDOWN:
            return False
        parent = self.account.alive.get(known.parent)
        if known.told_to_end or effect.sender != known.parent:
            return False
        if parent is not None and not parent.attached:
            return False
        known.told_to_end = True
        return True

    def _answered(self, effect: act.Send) -> None:
        if not effect.ref:
            return  # a serial number for one who attaches
        question = (effect.to, effect.ref)
        if question not in self.account.questions or effect.kind == say.REFUSED:
            raise Broken(f"{effect_is(effect)}: no question, or answered before, or refused")
        truth = self.account.questions.pop(question)
        truth = truth() if callable(truth) else truth
        if truth is not None:
            answer, truth = loads(effect.payload), loads(truth)
            if answer != truth:
                raise Broken(f"{effect_is(effect)}: {answer!r} and not {truth!r}")

    def _fired(self, effect: act.Send) -> None:
        account = self.account
        when, destination = account.timers.pop((effect.sender, effect.ref), (None, 0))
        to = account.names.get(destination) if isinstance(destination, str) else destination
        if when is None or when > self.system.now or to != effect.to:
            raise Broken(f"{effect_is(effect)}: a timer for {destination}, due at {when}")

    # ---- what is left

    def _check_spared(self) -> None:
        """Nobody puts off his end for long."""
        for serial, known in self.account.alive.items():
            if self._acting._later or not known.must_be_dead(self.system.now):
                continue
            if self.system.processes[known.os_pid].is_alive:
                raise Broken(f"{serial} is to be killed, and nobody does it")

    def _check_told(self) -> None:
        if self.account.due:
            missing = [(name_of(kind), *rest) for kind, *rest in self.account.due]
            raise Broken(f"not told: {missing}")

    def _check_timers(self) -> None:
        """What is due has fired, but for those to a name that nobody has."""
        account, now = self.account, self.system.now
        for key in [k for k, (when, _) in account.timers.items() if when <= now]:
            self._is_changed = True
            if account.timers.pop(key)[1] in (*account.alive, *account.names):
                raise Broken(f"the timer {key} did not fire")

    def _check_tables(self) -> None:
        """Whoever is dead is in no table."""
        state, account = self._state, self.account
        _same("processes", state.processes.keys(), account.alive.keys())
        _same("names", state.names, account.names)
        _same("names on disk", self.system.names, account.names)
        _same("timers", state.timers.items.keys(), account.timers.keys())
        watched = {k: target for k, (target, _) in account.monitors.items()}
        _same("monitors", state.graph._targets, watched)
        if account.links or state.graph._links:
            links = state.graph._links
            _same("links", {(a, b) for a in links for b in links[a] if a < b}, account.links.keys())
        for name, table in (
            ("timers_to", state.timers_to),
            ("backlog", self._acting.post._backlog),
            ("spared", state.spared.items),
            ("patience", state.patience.items),
        ):
            if not table.keys() <= (account.alive.keys() | state.launchers.keys() | {1}):
                raise Broken(f"{name} has something for the dead: {list(table)}")


def _same(what: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise Broken(f"{what}: {_shown(found)}, and should be {_shown(expected)}")


def _shown(table: Any) -> Any:
    return dict(table) if isinstance(table, dict) else sorted(table)
