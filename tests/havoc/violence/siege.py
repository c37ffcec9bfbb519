"""One node under a load of calls and casts, and everything that is heard of it.

The caller of all this is the witness: it survives, and hears of each request from the server, of
each round of requests from the client, of each birth and each death.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from otp import gen_server, node, process, supervisor
from otp.terms import Down, Pid
from tests.expecting import expect
from tests.havoc.machine import PATIENCE, Size, size_of
from tests.havoc.violence.family import Case, Family
from tests.havoc.violence.ledger import Ledger
from tests.havoc.violence.people import OF_A_CLIENT, Born, Did, Order, Report, client, start_tree
from tests.havoc.violence.shape import Path, draw
from tests.programs import launchers

_CLIENTS = 5
_SIZES = (10, 10, 10, 10, 3000, 20_000, 300_000)
_ROUND = 6
_REMEMBERED = 80


class Siege:
    """Three clients are never hurt: the veteran; the prober and the pauper have special tasks."""

    def __init__(self, seed: int) -> None:
        self.family = Family(draw(random.Random(seed)))
        self.ledger = Ledger()
        self.clients: dict[Pid, Born] = {}
        self.cases: dict[int, Case] = {}
        """By region; -1 is the clients'."""
        self.nothing = Case("nothing")
        """What has happened without a fault."""
        self.history: deque[str] = deque(maxlen=_REMEMBERED)
        self._begin = monotonic()
        self._chance = random.Random(f"{seed} load")
        self._is_raging = False
        self._at_work = Counter[Pid]()
        self._asked: dict[Pid, deque[Callable[[Report], None]]] = {}

    # ---- the beginning

    def begin(self) -> None:
        kernel = node.current().os_pid
        assert kernel is not None
        self.kernel, (self.launcher,) = kernel, launchers(kernel)
        process.trap_exit()
        start = self.family.begins()
        self.cases = dict.fromkeys(range(-1, self.family.shape.width(())), start)
        self.top = start_tree(process.self(), self.family.shape)
        start.births += Counter({OF_A_CLIENT: _CLIENTS + 2})
        self.prober, self.pauper = self.new_client(), self.new_client()
        for _ in range(_CLIENTS):
            self.new_client()
        while not start.is_over:
            self.hear()
        self.veteran = next(pid for pid in self.clients if pid not in (self.prober, self.pauper))
        self.spared = {self.prober, self.pauper, self.veteran}
        self.cases.clear()

    def new_client(self) -> Pid:
        pid, _ = process.spawn_monitor(client, process.self())
        return pid

    # ---- what is heard

    def hear(self) -> Any:
        """One message; returned if it is news of the life or death of somebody, or a report."""
        message = expect(within=PATIENCE)
        match message:
            case Did():
                self.ledger.did(message)
                return None
            case Report():
                self._reported(message)
            case Born((-1,), pid):  # OF_A_CLIENT
                self.clients[pid] = message
                self.case_of(-1).births -= Counter([OF_A_CLIENT])
                self.order(pid)
            case Born(path, pid):
                process.monitor(pid)
                self.family.born(message, self._case_at(path))
            case Down(_, Pid() as pid, reason):
                self._died(pid, reason)
        self.note(message)
        return message

    def _reported(self, report: Report) -> None:
        probing = report.client == self.prober and self._is_raging
        self.ledger.report(report, may_be_late=probing)
        self._at_work -= Counter([report.client])
        if asked := self._asked.get(report.client):
            asked.popleft()(report)
        self.order(report.client)

    def _died(self, pid: Pid, reason: Any) -> None:
        self.ledger.died(pid, reason)
        path = self.family.paths.get(pid, OF_A_CLIENT)
        if path != OF_A_CLIENT:
            self.family.died(pid, reason, self._case_at(path))
            return
        case = self.case_of(-1)
        self._at_work.pop(pid, None)
        self.clients.pop(pid, None)
        if case.downs.pop(pid, "no fault") != reason:
            case.harm.append(f"the client {pid} has died of {reason!r}")

    def _case_at(self, path: Path) -> Case:
        return self.case_of(path[0]) if path else next(iter(self.cases.values()), self.nothing)

    def case_of(self, lane: int) -> Case:
        return self.cases.get(lane, self.nothing)

    def note(self, what: Any) -> None:
        text = str(what)
        self.history.append(f"{monotonic() - self._begin:9.4f} {text[:300]}")

    # ---- the load

    def rage(self) -> None:
        """From now on clients have one round of requests after the other."""
        self._is_raging = True
        for pid in self.clients:
            self.order(pid)

    def calm(self) -> None:
        """Each ends the round that it is in; then each calls each living server once more."""
        self._is_raging = False
        while self._at_work:
            self.hear()
        everybody = [self.family.there[path].pid for path in self.family.shape.servers()]
        for pid in self.clients:
            self.tell(pid, [Order(server, 0, 10, PATIENCE) for server in everybody])
        while self._at_work:
            self.hear()
        for server in everybody:  # all that it has told us stands in our mailbox before its answer
            gen_server.call(server, "sync", PATIENCE)
        self.catch_up()

    def catch_up(self) -> None:
        """Hear all that there is."""
        process.send(process.self(), "that is all")
        while self.hear() != "that is all":
            pass

    def order(self, pid: Pid) -> None:
        """One round for a client that is free, and has no other task."""
        if self._is_raging and pid not in (self.prober, self.pauper):
            servers = self._chance.choices(self.family.shape.servers(), k=_ROUND)
            self.tell(pid, [self._draw(self.family.there[path].pid) for path in servers])

    def _draw(self, server: Pid) -> Order:
        return Order(server, self._chance.randrange(6), self._chance.choice(_SIZES), PATIENCE)

    def tell(self, pid: Pid, orders: Any) -> None:
        self._at_work[pid] += 1
        process.send(pid, orders)

    def ask(self, pid: Pid, orders: Any, then: Callable[[Report], None]) -> None:
        """Have the prober or the pauper carry out orders; `then` is told what came of them."""
        self._asked.setdefault(pid, deque()).append(then)
        self.tell(pid, orders)

    # ---- what there is

    def sizes(self) -> dict[str, Size]:
        """Of those who live from the beginning to the end."""
        return {
            "the kernel": size_of(self.kernel),
            "the launcher": size_of(self.launcher),
            "the top supervisor": size_of(self.family.there[()].os_pid),
            "a client": size_of(self.clients[self.veteran].os_pid),
            "who asks those that are stopped": size_of(self.clients[self.prober].os_pid),
        }

    def check(self, region: int) -> list[str]:
        """Whether supervisors and names know those who have told us that they are there."""
        shape, there, harm = self.family.shape, self.family.there, []
        for path in ((region,), *shape.below((region,))):
            if shape.is_server(path):
                name = shape.name(path)
                if name and process.whereis(name) != there[path].pid:
                    harm.append(f"{name} is {process.whereis(name)}, not {there[path].pid}")
                continue
            known = {child.id: child.pid for child in supervisor.which_children(there[path].pid)}
            wanted = [(*path, number) for number in range(shape.width(path))]
            if known != {below: there[below].pid for below in wanted}:
                harm.append(f"the children of {path} are {known}")
        return harm
