"""Talks more than a pipe can hold."""

from __future__ import annotations

from otp import process
from otp.terms import Pid


def floods(dest: Pid, count: int) -> None:
    """Send the numbers below `count`, each with who it is from."""
    me = process.self()
    for number in range(count):
        process.send(dest, (me, number))


def talks_for_ever(dest: Pid) -> None:
    me, number = process.self(), 0
    while True:
        process.send(dest, (me, number))
        number += 1
