"""What holds when nothing moves any more: everything was said, and nothing of the dead is left."""

from __future__ import annotations

from typing import Any

from otp.wire import protocol as say
from tests.havoc.simulation.facts import Broken
from tests.havoc.simulation.living import Life
from tests.havoc.simulation.node import Node


def check(node: Node) -> None:
    if node.kernel.is_over:
        _nobody_is_left(node)
        return
    for life in node.lives.values():
        _at_rest(node, life)
    for team in node.teams:
        if not team.life.is_over and not team.is_resting:
            raise Broken(f"{team.life.name} waits in vain")
        team.check()
    _all_was_heard(node)
    _tables(node)
    _files(node)


def _nobody_is_left(node: Node) -> None:
    if any(launcher.is_killed for launcher in node.launchers.values()):
        return  # without it there is no node, and what is left of it is killed
    left = [life.name for life in node.lives.values() if not life.is_thread and not _is_dead(life)]
    if left:
        raise Broken(f"the node has ended before {left}")


def _is_dead(life: Life) -> bool:
    return life.os is None or not life.os.is_alive


def _at_rest(node: Node, life: Life) -> None:
    alive = node.kernel.account.alive
    if life.deed is not None and not life.receives:
        raise Broken(f"{life.name} waits in vain")
    if life.is_over or life.context is None:
        if life.serial in alive:
            raise Broken(f"{life.name} is dead, and nobody has noticed")
        return
    if life.serial not in alive:
        raise Broken(f"{life.name} lives, and is taken for dead")
    if alive[life.serial].kill:
        raise Broken(f"{life.name} lives, and was to be killed")
    account = node.kernel.account
    made = (*account.monitors, *account.on_oneself)
    monitors = {tag for who, tag in made if who == life.serial}
    if set(life.context.monitors) != monitors:
        raise Broken(f"{life.name} has monitors {set(life.context.monitors)}, not {monitors}")


def _all_was_heard(node: Node) -> None:
    here = {life.serial: life for life in node.lives.values() if life.is_here}
    for (sender, to), count in node.street.sent.items():
        if to in here and here[to].heard_of[sender] != count:
            raise Broken(f"{here[to].name} has heard not all of the {count} messages of {sender}")
    owed = {serial: said for serial, said in node.kernel.owed.items() if said and serial in here}
    if owed:
        raise Broken(f"said, but never heard: {owed}")
    if unanswered := [q for q in node.kernel.account.questions if q[0] in here]:
        raise Broken(f"questions without an answer: {unanswered}")


def _tables(node: Node) -> None:
    """Nothing of the dead, and nothing half done."""
    state, account = node.kernel._state, node.kernel.account
    known = account.alive.keys()
    launchers = {say.LAUNCHER, *state.launchers}
    leftovers: dict[str, Any] = {
        "questions": state.questions.items, "spared": state.spared.items,
        "timers_to": state.timers_to.keys() - known,
        "workers": set(state.workers.values()) - known,
        "children": _others(state.children) - known,
        "brood": _others(state.brood) - known,
        "threads": _others(state.threads) - known,
        "parcels": state.parcels._links,
        "owners of links": state.graph._links.keys() - known,
        "monitored": state.graph._watched.keys() - known,
        "monitoring": state.graph._watching.keys() - known,
        "backlog": node.kernel._acting.post._backlog,
        "writers": node.kernel._acting.post._pipes.keys() - known - launchers,
        "mailboxes held": node.kernel._acting._held.keys() - launchers,
        "launched": node.kernel._acting._launched - known - launchers,
        "handles": node.kernel._acting.handles._workers.keys() - known - launchers,
        "homes": node.kernel._acting.handles._homes.keys() - known,
        "bells": node.kernel._acting.handles._bells._again,
        "put off": node.kernel._acting._later,
    }  # fmt: skip
    leftovers |= _of_the_living(node)
    if left := {what: table for what, table in leftovers.items() if table}:
        raise Broken(f"left over: {left}")
    if len(state.graves) != len(account.dead):
        raise Broken(f"{len(state.graves)} graves for {len(account.dead)} dead")


def _of_the_living(node: Node) -> dict[str, Any]:
    """What each process has that should be settled by now."""
    account, leftovers = node.kernel.account, dict[str, Any]()
    for process in node.kernel._state.processes.values():
        name = f"of {process.serial}"
        leftovers[f"questions {name}"] = [
            *process.asking, *process.wondering, *process.asked_for_timers,
        ]  # fmt: skip
        leftovers[f"signals unheard {name}"] = process.unheard
        leftovers[f"latecomers {name}"] = [
            (who, tag) for who, tag in process.latecomers
            if (who, tag) not in account.monitors
            and (tag or (min(who, process.serial), max(who, process.serial)) not in account.links)
        ]  # fmt: skip
    return leftovers


def _others(groups: Any) -> set[int]:
    return {member for key in list(groups._members) for member in groups.of(key)}


def _files(node: Node) -> None:
    account, system = node.kernel.account, node.system
    wanted = {say.KERNEL, *account.alive, *(s for s, x in node.launchers.items() if x.os.is_alive)}
    if system.pipes.keys() != {node.place.pipe(serial) for serial in wanted}:
        raise Broken(f"pipes {list(system.pipes)}, and should be those of {wanted}")
    if left := system.parcels - wanted:
        raise Broken(f"parcels of the dead: {left}")
