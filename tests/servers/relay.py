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
