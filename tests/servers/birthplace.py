"""A module that knows which OS process has imported it."""

from __future__ import annotations

import os

from otp import process
from otp.terms import Pid

_IMPORTER = os.getpid()


def tells(owner: Pid) -> None:
    """The OS process that has imported this module, and the one that runs this function."""
    process.send(owner, (_IMPORTER, os.getpid()))
