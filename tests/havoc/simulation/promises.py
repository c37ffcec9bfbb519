"""What a node promises, checked at every step against the simplest account of what it was asked.

The account is kept from the requests that the kernel has read and the deaths that it was shown, in
that order, by rules as short as they can be; what the kernel does must be what they say:

1. a death is told once to each link and monitor, with its reason; "noproc" to who came too late
2. the name and the mailbox of the dead are gone before its death is told
3. a question is answered once, and truly
4. a timer is not early, not late, and gone when it is cancelled or its destination dead
5. what the kernel keeps is about the living
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pickle import loads
from typing import Any

from otp.kernel.lives import _FAREWELL as FAREWELL
from otp.kernel.questions import GRACE
from otp.kernel.table import KILLED, NOPROC, NORMAL, SHUTDOWN
from otp.wire import protocol as say
from otp.wire.codec import flat
from tests.havoc.simulation.facts import Known, Verdict, told_by
from tests.havoc.simulation.system import System


class Account:
    """What the requests add up to."""

    def __init__(self, system: System, program: int) -> None:
        self.system = system
        self.program = program
        self.ending = False
        self.alive: dict[int, Known] = {}
        self.dead: dict[int, Verdict] = {}
        self.links: dict[tuple[int, int], dict[int, int]] = {}
        self.monitors: dict[tuple[int, int], tuple[int, int]] = {}
        self.on_oneself: set[tuple[int, int]] = set()
        """Monitors by a name that was one's own by then: never told, but there until the end."""
        self.names: dict[str, int] = {}
        self.timers: dict[tuple[int, int], tuple[float, int | str]] = {}
        self.questions: dict[tuple[int, int], Any] = {}
        self.last_signal: dict[tuple[int, int], int] = {}
        self.links_made: Counter[tuple[int, int]] = Counter()
        self.unlinked: dict[tuple[int, int], int] = {}
        self.due: list[tuple[int, int, int, int, bytes]] = []
        """What has to be told before the step is over: kind, to, sender, ref, payload."""
        self.order: dict[str, Any] = {}
        self._rules: dict[int, Callable[..., None]] = {
            say.SPAWN: self._spawn, say.LINK: self._link, say.UNLINK: self._unlink,
            say.MONITOR: self._monitor, say.DEMONITOR: self._demonitor, say.SIGNAL: self._signal,
            say.REGISTER: self._register, say.UNREGISTER: self._unregister,
            say.EXITING: self._exiting, say.FORKED: self._forked, say.REAPED: self._reaped,
            say.READY: self._ready, say.START_TIMER: self._start_timer,
            say.CANCEL_TIMER: self._cancel_timer, say.STOP: self._stop,
            say.SURVIVED: self._survived, say.REASON_OF: self._reason_of,
            say.IS_ALIVE: self._is_alive,
        }  # fmt: skip

    # ---- what was asked

    def asked(self, kind: int, sender: int, ref: int, payload: bytes) -> None:
        if ref:
            self.questions[sender, ref] = None
        if kind in self._rules:
            self._rules[kind](sender, ref, *loads(payload))

    def _spawn(self, asker: int, ref: int, order: dict[str, Any]) -> None:
        self.order = order
        taken = self.names.get(order["name"])
        if self.ending and (asker not in self.alive or self.alive[asker].attached):
            self.questions[asker, ref] = flat(("ending",))
        elif taken is not None:
            self.questions[asker, ref] = flat(("already_started", taken))

    def enter(self, serial: int, asker: int) -> None:
        """A worker is ordered."""
        order = self.order
        self.alive[serial] = Known(asker)
        if order["link"]:
            self._tie(asker, serial)
        if order["monitor"]:
            self.monitors[asker, order["monitor"]] = (serial, 0)
        if order["name"] is not None:
            self.names[order["name"]] = serial

    def _tie(self, asker: int, target: int) -> None:
        pair = (min(asker, target), max(asker, target))
        if pair not in self.links:
            self.links[pair] = {asker: self._sent(asker, target)}
            self.links_made[pair] += 1

    def _sent(self, asker: int, target: int) -> int:
        return self.last_signal.get((asker, target), 0)

    def _link(self, asker: int, ref: int, target: int) -> None:
        self.questions[asker, ref] = flat(target in self.alive)
        if target in self.alive and target != asker:
            self._tie(asker, target)

    def _unlink(self, asker: int, ref: int, target: int) -> None:
        pair = (min(asker, target), max(asker, target))
        self.links.pop(pair, None)
        self.unlinked[asker, target] = self.links_made[pair]

    def _monitor(self, asker: int, ref: int, tag: int, target: int | str) -> None:
        serial = self.names.get(target, 0) if isinstance(target, str) else target
        if serial in self.alive and serial != asker:
            self.monitors[asker, tag] = (serial, self._sent(asker, serial))
        elif serial == asker:
            self.on_oneself.add((asker, tag))
        else:
            self.due.append((say.DOWN, asker, serial, tag, NOPROC))

    def _demonitor(self, asker: int, ref: int, tag: int) -> None:
        self.monitors.pop((asker, tag), None)
        self.on_oneself.discard((asker, tag))

    def _signal(
        self, asker: int, ref: int, target: int, reason: bytes, kill: bool, number: int
    ) -> None:
        known = self.alive.get(target)
        if known is None or (known.kill and not known.attached):
            return
        if kill and known.kill is None:
            known.kill, known.until = Verdict(KILLED, asker, number), self.system.now + GRACE
        elif not kill:
            self.due.append((say.EXIT, target, asker, number, reason))
        if kill or reason != NORMAL:
            self.last_signal[asker, target] = number
        if not kill and reason != NORMAL:
            known.unheard.add((asker, number))

    def _survived(self, asker: int, ref: int, sender: int, number: int) -> None:
        if asker in self.alive:
            self.alive[asker].unheard.discard((sender, number))

    def _register(self, asker: int, ref: int, name: str, serial: int) -> None:
        known = self.alive.get(serial)
        if known is None or known.words or known.kill:
            answer = "noproc"
        elif name in self.names:
            answer = "taken"
        elif serial in self.names.values():
            answer = "named"
        else:
            answer, self.names[name] = "ok", serial
        self.questions[asker, ref] = flat(answer)

    def _unregister(self, asker: int, ref: int, name: str) -> None:
        self.questions[asker, ref] = flat(self.names.pop(name, None) is not None)

    def _start_timer(self, asker: int, ref: int, tag: int, when: float, timer: Any) -> None:
        _, destination, _ = timer
        if isinstance(destination, str) or destination in self.alive:
            self.timers[asker, tag] = (when, destination)

    def _cancel_timer(self, asker: int, ref: int, owner: int, tag: int) -> None:
        when, _ = self.timers.pop((owner, tag), (None, 0))
        if when is not None:
            self.questions[asker, ref] = flat(when)

    def _reason_of(self, asker: int, ref: int, target: int, sent: int) -> None:
        self.questions[asker, ref] = lambda: flat(
            self.dead.get(target, Verdict(NOPROC)).as_told_to(asker, sent)
        )

    def _is_alive(self, asker: int, ref: int, target: int) -> None:
        def truth() -> bytes | None:
            known = self.alive.get(target)
            if known is not None and known.kill and not known.words and known.kill.by != asker:
                return None  # what another one has sent may be heard sooner or later
            return flat(not (known is None or known.words or known.kill))

        self.questions[asker, ref] = truth

    # ---- who is there

    def attached(self, serial: int, os_pid: int) -> None:
        self.alive[serial] = Known(0, os_pid=os_pid, attached=True)

    def _ready(self, asker: int, ref: int, module: object, around: object, os_pid: int) -> None:
        if asker in self.alive:
            self.alive[asker].os_pid = os_pid

    def _forked(self, launcher: int, ref: int, serial: int, os_pid: int, reason: bytes) -> None:
        if serial in self.alive and os_pid:
            self.alive[serial].os_pid = os_pid
        elif serial in self.alive:
            self.died(serial, Verdict(reason))

    def _exiting(self, asker: int, ref: int, reason: bytes, by: int, number: int) -> None:
        known = self.alive.get(asker)
        if known is None:
            return
        kill = known.kill
        if known.words is None and (kill is None or (by == kill.by and number < kill.number)):
            known.words = Verdict(reason, by, number)
        known.limit = self.system.now + FAREWELL
        if known.attached:
            self.died(asker, known.verdict(reason))

    def _reaped(self, launcher: int, ref: int, os_pid: int, status: int) -> None:
        for serial, known in list(self.alive.items()):
            if known.os_pid == os_pid and not known.attached:
                self.died(serial, known.verdict(told_by(status)))

    def _stop(self, asker: int, ref: int) -> None:
        for serial in [serial for serial, known in self.alive.items() if known.attached]:
            self.died(serial, Verdict(SHUTDOWN))
        self.ending = True

    def gone(self, os_pid: int) -> None:
        """An OS process with threads has ended."""
        reason = SHUTDOWN if os_pid == self.program else KILLED
        for serial, known in list(self.alive.items()):
            if known.os_pid == os_pid and known.attached:
                self.died(serial, Verdict(reason))
        self.ending = self.ending or os_pid == self.program

    def died(self, serial: int, verdict: Verdict) -> None:
        """Everyone who has to hear of it is to be told in this step."""
        del self.alive[serial]
        self.dead[serial] = verdict
        for pair in [pair for pair in self.links if serial in pair]:
            peer = pair[0] + pair[1] - serial
            reason = verdict.as_told_to(peer, self.links.pop(pair).get(peer, 0))
            self.due.append((say.EXIT, peer, serial, 0, reason))
        for (watcher, tag), (target, sent) in list(self.monitors.items()):
            if serial in (target, watcher):
                del self.monitors[watcher, tag]
            if serial == target:
                reason = verdict.as_told_to(watcher, sent)
                self.due.append((say.DOWN, watcher, serial, tag, reason))
        self._forget(serial)

    def undone(self, serial: int) -> None:
        """There was no room for it: it has never been. So with a launcher, which we do not know."""
        self.alive.pop(serial, None)
        self.links = {pair: v for pair, v in self.links.items() if serial not in pair}
        self.monitors = {k: v for k, v in self.monitors.items() if v[0] != serial}
        self._forget(serial)

    def _forget(self, serial: int) -> None:
        self.names = {name: who for name, who in self.names.items() if who != serial}
        self.timers = {k: timer for k, timer in self.timers.items() if timer[1] != serial}
