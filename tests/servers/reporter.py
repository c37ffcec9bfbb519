"""Sends what is logged in a process to another one."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from otp import process
from otp.terms import Pid


class Logged(NamedTuple):
    logger: str
    level: str
    text: str
    report: Any


class _ToOwner(logging.Handler):
    def __init__(self, owner: Pid) -> None:
        super().__init__()
        self.owner = owner

    def emit(self, record: logging.LogRecord) -> None:
        news = (record.name, record.levelname, record.getMessage(), getattr(record, "report", None))
        process.send(self.owner, Logged(*news))


def install(owner: Pid) -> None:
    """From now on, in this process."""
    logging.getLogger("otp").addHandler(_ToOwner(owner))
    logging.getLogger("otp").propagate = False
