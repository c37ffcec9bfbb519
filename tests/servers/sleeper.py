"""Busy in many ways: none of these functions looks at the mailbox. Each tells when it has begun."""

from __future__ import annotations

import os
import socket
import time

from otp import process
from otp.terms import Pid

BEGUN = "begun"


def sleeps(owner: Pid, trap: bool = False) -> None:
    _begin(owner, trap)
    time.sleep(60)


def computes(owner: Pid, trap: bool = False) -> None:
    _begin(owner, trap)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        pass


def reads_a_socket(owner: Pid, trap: bool = False) -> None:
    here, _there = socket.socketpair()
    _begin(owner, trap)
    here.recv(1)


def sleeps_until(path: str) -> None:
    """Until the file exists."""
    while not os.path.exists(path):
        time.sleep(0.05)


WAYS = [sleeps, computes, reads_a_socket]


def _begin(owner: Pid, trap: bool) -> None:
    process.trap_exit(trap)
    process.send(owner, BEGUN)
