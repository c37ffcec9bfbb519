"""Where the reports of all processes go: into one file, from which the demo reads them out.

The demo names this module in `node.start(preload=...)`: the launcher imports it before it forks,
so the `logging` that is set up here is the `logging` of every process of the node.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

VARIABLE: Final = "OTP_DEMO_REPORTS"


class Brief(logging.Formatter):
    """Of a traceback only the last line: the demo is to stay readable."""

    def format(self, record: logging.LogRecord) -> str:
        head, found, traceback = super().format(record).partition("Traceback (most recent")
        return f"{head.rstrip()}\n  {traceback.rstrip().splitlines()[-1]}" if found else head


if VARIABLE in os.environ:
    _handler = logging.FileHandler(os.environ[VARIABLE], delay=True)
    _handler.setFormatter(Brief("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[_handler])


class Reports:
    """What has been reported, piece by piece."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path.touch()
        self._read = 0

    def new(self) -> str:
        """All that has come since the last time."""
        with self._path.open(errors="replace") as file:
            file.seek(self._read)
            text = file.read()
            self._read = file.tell()
        return text
