"""Hears what others say and tells whether it was all, once and in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from otp import process
from otp.terms import Pid
from tests.servers import chatterbox


def floods_back(owner: Pid, count: int) -> None:
    """Flood who is told, then look at the mailbox; all must be there, once, in order."""
    peer = process.receive(Pid)
    chatterbox.floods(peer, count)
    in_order = all(process.receive() == (peer, number) for number in range(count))
    process.send(owner, ("in order", in_order))


def hears_a_flood(owner: Pid, count: int, prepare: Callable[[], Any]) -> None:
    """Be away while they flood us; then the same."""
    process.send(owner, os.getpid())
    prepare()
    in_order = all(process.receive() == (owner, number) for number in range(count))
    process.send(owner, ("in order", in_order))


def hears_last_words(owner: Pid, count: int) -> None:
    """Whether all that the sender said comes first, then the news of its end, and nothing more."""
    process.trap_exit()
    process.send(owner, os.getpid())
    sender = process.receive(Pid)
    process.link(sender)
    process.monitor(sender)
    process.send(owner, "linked")
    said = [(sender, number) for number in range(count)] + [bytes(100_000)]
    in_order = [process.receive() for _ in said] == said
    news = [type(process.receive()) for _ in range(2)]
    process.send(owner, (in_order, news))
