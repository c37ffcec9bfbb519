"""Links, monitors, exit signals, names: the part of each that happens in the process itself."""

from __future__ import annotations

from typing import Any, NoReturn

from otp.errors import NoProcess, ProcessExit
from otp.runtime import here
from otp.runtime.addressing import NOBODY, destination
from otp.runtime.aliasing import MonitorAlias
from otp.runtime.context import Context
from otp.runtime.reasons import KILLED, NOPROC, pack_reason
from otp.runtime.receiving import receive
from otp.terms import Down, Pid, Ref, Server
from otp.wire.codec import flat
from otp.wire.protocol import (
    ALIASED,
    DOWN,
    EXIT,
    INFO,
    LINK,
    MESSAGE,
    MONITOR,
    REGISTER,
    SIGNAL,
    UNLINK,
)


def send_to_oneself(context: Context, message: Any) -> None:
    """Behind all that has come, without the pipe: nobody but us could make room in it."""
    data = flat(message)
    context.fire_timers()
    context.mailbox.put((MESSAGE, context.serial, 0, data))


def send_by_alias(context: Context, alias: Ref, message: Any) -> None:
    """To whoever owns the alias, who drops it if the alias is not active."""
    if alias.owner == context.pid:
        data = flat(message)
        context.mailbox.put((ALIASED, context.serial, alias.id, data))
    elif destination(context, alias.owner) != NOBODY:
        context.outbox.send(ALIASED, alias.owner.id, alias.id, message)


def link(context: Context, pid: Pid) -> None:
    if pid == context.pid:
        return
    if destination(context, pid) != NOBODY and context.question(LINK, pid.id):
        return
    if not context.trapping:
        raise NoProcess(pid, "link")
    context.mailbox.arrived.append((EXIT, pid.id, 0, NOPROC))


def unlink(context: Context, pid: Pid) -> None:
    if destination(context, pid) != NOBODY:
        context.question(UNLINK, pid.id)


def monitor(context: Context, server: Server, alias: MonitorAlias | None = None) -> int:
    """The tag of a new monitor.

    A name is resolved by the kernel, so that no death slips between the look and the monitor.
    """
    name = server if isinstance(server, str) else None
    tag, to = context.new_tag(), destination(context, server)
    if alias is not None:
        context.aliases.add(tag, alias)
    if to == context.serial:
        return tag  # nobody hears of his own end
    context.monitors[tag] = server if name is not None or to == NOBODY else None
    if name is not None or to != NOBODY:
        context.tell(MONITOR, tag, to if name is None else name)
    else:
        context.mailbox.put((DOWN, getattr(server, "id", 0), tag, NOPROC))
    return tag


def demonitor(context: Context, ref: Ref, flush: bool) -> bool:
    if ref.owner != context.pid:
        return False
    context.mailbox.pull()
    active = context.demonitor(ref.id)
    if flush and not active:
        receive(context, lambda m: isinstance(m, Down) and m.ref == ref, 0.0)
    return active


def leave(reason: Any) -> NoReturn:
    """exit/1. A worker ends when it is unwound; a thread is no process any more from here on."""
    if here.current().is_thread:
        here.detach(reason)
    raise ProcessExit(reason)


def signal(context: Context, pid: Pid, reason: Any) -> None:
    """exit/2. When it returns, the signal stands before all that we send later."""
    kill = isinstance(reason, str) and reason == "kill"
    if pid == context.pid:
        _signal_oneself(context, reason, kill)
    elif destination(context, pid) != NOBODY:
        context.signals_sent += 1
        how = context.question(SIGNAL, pid.id, pack_reason(reason), kill, context.signals_sent)
        if how == "queued":
            context.outbox.take_detour(pid.id)


def _signal_oneself(context: Context, reason: Any, kill: bool) -> None:
    """To oneself it takes effect before the next instruction, and "normal" is no exception."""
    if context.trapping and not kill:
        context.mailbox.pull()
        context.mailbox.arrived.append((EXIT, context.serial, 0, pack_reason(reason)))
        return
    context.condemned = (KILLED if kill else pack_reason(reason), context.serial, 0)
    context.die_at_once()
    here.check(context)  # where dying at once is not possible


def info(context: Context, pid: Pid) -> dict[str, Any] | None:
    if destination(context, pid) == NOBODY:
        return None
    known: dict[str, Any] | None = context.question(INFO, pid.id)
    if known is None:
        return None
    for key in ("links", "monitors", "monitored_by"):
        known[key] = [context.opener.pid(serial) for serial in known[key]]
    known["parent"] = context.opener.pid(known["parent"]) if known["parent"] else None
    if pid == context.pid:
        mailbox = context.mailbox
        mailbox.pull()
        known["message_queue_len"] = len(mailbox.passed) + len(mailbox.arrived)
        known["trap_exit"] = context.trapping
    return known


_REFUSALS = {
    "noproc": "{pid} is dead, and cannot be given the name {name!r}",
    "taken": "the name {name!r} is taken",
    "named": "{pid} has a name already, and a process can have one; {name!r} was not given",
}


def register(context: Context, name: str, pid: Pid) -> None:
    alive = destination(context, pid) != NOBODY
    answer = context.question(REGISTER, name, pid.id) if alive else "noproc"
    if answer != "ok":
        raise ValueError(_REFUSALS[answer].format(name=name, pid=pid))
