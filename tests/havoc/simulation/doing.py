"""What a process may do, by name: each deed is what `otp.process` does, up to where it waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from otp.kernel.questions import GRACE
from otp.runtime import signalling
from otp.runtime.reasons import pack_reason
from otp.wire import protocol as say
from otp.wire.codec import flat
from tests.havoc.simulation.facts import Broken
from tests.havoc.simulation.living import Life
from tests.havoc.simulation.node import Node
from tests.havoc.simulation.speaking import Deed
from tests.unit.playing import ORDER

KEPT: Final = -1  # a timer of one's own


def _nothing() -> Deed:
    return
    yield


def send(node: Node, life: Life, to: Life) -> Deed:
    return life.send(to.serial) if to is not life else _nothing()


def exit(node: Node, life: Life, to: Life, reason: str) -> Deed:
    return life.signal(to.serial, reason) if to is not life else _nothing()


def exits(node: Node, life: Life, to: Life, reason: str) -> Deed:
    """Of two signals the first counts."""
    if to is not life:
        yield from life.signal(to.serial, "boom")
        yield from life.signal(to.serial, reason)


def exit_and(node: Node, life: Life, to: Life, reason: str, then: str) -> Deed:
    """To its sender it is dead after the signal, or survives it; and hears it before the rest."""
    if to is life:
        return
    yield from life.signal(to.serial, reason)
    if then == "watch":
        yield from monitor(node, life, to)
        yield from link(node, life, to)
    elif then == "send":
        yield from life.send(to.serial)
    else:
        yield from is_alive(node, life, to)


def link(node: Node, life: Life, to: Life) -> Deed:
    life.unlinked.discard(to.serial)
    there = yield from life.ask(say.LINK, to.serial)
    if not there and not life.context.trapping:
        return  # link raises `NoProcess` there


def unlink(node: Node, life: Life, to: Life) -> Deed:
    yield from life.ask(say.UNLINK, to.serial)
    life.unlinked.add(to.serial)


def monitor(node: Node, life: Life, to: Life) -> Deed:
    signalling.monitor(life.context, to.pid)
    return _nothing()


def monitor_name(node: Node, life: Life, name: str) -> Deed:
    signalling.monitor(life.context, name)
    return _nothing()


def demonitor(node: Node, life: Life) -> Deed:
    """The oldest of its monitors."""
    tag = next(iter(life.context.monitors), None)
    if tag is not None:
        life.context.mailbox.pull()
        for frame in tuple(life.context.mailbox.arrived):
            life.context.mailbox.arrived.remove(frame)
            life.heard(frame)
        life.context.demonitor(tag)
        life.ended_monitor(tag)
    return _nothing()


def spawn(node: Node, life: Life, name: str, wish: dict[str, Any]) -> Deed:
    child = node.expect(name, life)
    child.module, child.traps = wish.get("module"), wish.get("trap", False)
    monitor = life.context.new_tag() if wish.get("monitor") else 0
    if monitor:
        life.context.monitors[monitor] = None
    wish = {key: value for key, value in wish.items() if key in ORDER}
    order = {**ORDER, **wish, "label": name, "monitor": monitor, "module": None}
    outcome, *more = yield from life.ask(say.SPAWN, order)
    if outcome == "ok":
        child.serial = more[0]
    else:
        child.is_over = True
        life.context.monitors.pop(monitor, None)


def register(node: Node, life: Life, name: str, to: Life) -> Deed:
    return life.ask(say.REGISTER, name, to.serial)


def unregister(node: Node, life: Life, name: str) -> Deed:
    return life.ask(say.UNREGISTER, name)


def timer(node: Node, life: Life, to: Life | str, after: float) -> Deed:
    """For another one, or a name."""
    tag, when = life.context.new_tag(), node.system.now + after
    destination = to if isinstance(to, str) else to.serial
    if destination == life.serial:
        life.context.timers.add(tag, when, (say.MESSAGE, life.serial, tag, flat(KEPT)))
    else:
        life.context.tell(say.START_TIMER, tag, when, (say.MESSAGE, destination, flat(tag)))
    node.timers.append((life.serial, tag, destination))
    return _nothing()


def cancel(node: Node, life: Life, number: int) -> Deed:
    """A timer of anybody's."""
    if not node.timers:
        return
    owner, tag, destination = node.timers[number % len(node.timers)]
    if owner == life.serial and life.context.timers.when(tag) is not None:
        when = life.context.timer_due(tag, cancels=True)
    else:
        when = yield from life.ask(say.CANCEL_TIMER, owner, tag)
    receiver = node.street.by_serial.get(destination) if isinstance(destination, int) else None
    if when is not None and receiver is life:
        life.cancelled.add(tag)


def is_alive(node: Node, life: Life, to: Life) -> Deed:
    begun = node.system.now
    yield from life.ask(say.IS_ALIVE, to.serial)
    if to.os is not None and to.os.is_alive and node.system.now > begun + 100 * GRACE:
        raise Broken(f"{life.name} waited for long to hear whether {to.name} lives")


def reason_of(node: Node, life: Life, to: Life) -> Deed:
    """As `gen.call` asks, when the pipe of the other is closed."""
    if to.is_over and to.serial:
        yield from life.ask(say.REASON_OF, to.serial, life.context.signals_sent)


def trap(node: Node, life: Life, on: bool) -> Deed:
    life.context.trapping = on
    return _nothing()


def alias(node: Node, life: Life, to: Life, option: str) -> Deed:
    """A monitor whose ref is an address too."""
    tag = signalling.monitor(life.context, to.pid, option)  # type: ignore[arg-type]
    node.aliases.append((life, tag))
    life.aliases[tag] = option
    return _nothing()


def mail(node: Node, life: Life, number: int) -> Deed:
    """Two messages to an alias."""
    if node.aliases:
        owner, tag = node.aliases[number % len(node.aliases)]
        if owner is not life:
            yield from life.send(owner.serial, say.ALIASED, tag)
            yield from life.send(owner.serial, say.ALIASED, tag)


def unalias(node: Node, life: Life) -> Deed:
    for owner, tag in node.aliases:
        if owner is life:
            life.context.aliases.remove(tag)
            life.unaliased.add(tag)
    return _nothing()


def leave(node: Node, life: Life, reason: str) -> Deed:
    """exit/1, or its function returns or raises."""
    life.leave(pack_reason(reason))
    return _nothing()


DEEDS: Final[dict[str, Callable[..., Deed]]] = {
    deed.__name__: deed
    for deed in (
        send, exit, exits, exit_and, link, unlink, monitor, monitor_name, demonitor, spawn,
        register, unregister, timer, cancel, is_alive, reason_of, trap, alias, mail, unalias, leave,
    )
}  # fmt: skip
