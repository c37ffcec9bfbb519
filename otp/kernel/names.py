"""Registered names. The kernel alone writes them; everyone reads them (`otp.wire.place`)."""

from __future__ import annotations

from otp.kernel.effects import Effect, Name, Unname, answer
from otp.kernel.table import Process, State


def register(state: State, asker: int, ref: int, name: str, serial: int) -> list[Effect]:
    """Answers "ok", or what is in the way."""
    process = state.processes.get(serial)
    if process is None or process.is_leaving:
        return [answer(asker, ref, "noproc")]
    if name in state.names:
        return [answer(asker, ref, "taken")]
    if process.name is not None:
        return [answer(asker, ref, "named")]
    state.names[name] = serial
    process.name = name
    return [Name(name, serial), answer(asker, ref, "ok")]


def unregister(state: State, asker: int, ref: int, name: str) -> list[Effect]:
    """Answers whether there was such a name."""
    process = state.find(name)
    if process is None:
        return [answer(asker, ref, False)]
    return [*release(state, process), answer(asker, ref, True)]


def registered(state: State, asker: int, ref: int) -> list[Effect]:
    return [answer(asker, ref, sorted(state.names))]


def release(state: State, process: Process) -> list[Effect]:
    """Free the name of a process, if it has one."""
    if process.name is None:
        return []
    name, process.name = process.name, None
    del state.names[name]
    return [Unname(name)]
