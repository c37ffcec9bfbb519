"""Passes on what it gets."""

from __future__ import annotations

from otp import process
from otp.terms import Pid


def passes_on(owner: Pid) -> None:
    """Send on whatever comes."""
    while True:
        process.send(owner, process.receive())


def passes_on_exits_too(owner: Pid) -> None:
    """Send on the exit signals too."""
    process.trap_exit()
    passes_on(owner)


def does_much(owner: Pid) -> None:
    """A bit of everything that the kernel has to clean up."""
    process.register("much", process.self())
    process.link(owner)
    process.monitor(owner)
    child = process.spawn_link(process.receive)
    process.send_after(3600, owner, "never")
    process.send_after(3600, process.self(), "never")
    process.unlink(owner)
    process.send(owner, "much")
    process.send(child, "end")
