"""The machine on which havoc is wreaked: directories of our own, sizes of processes, its load."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psutil
import pytest

from tests.footprint import opened_by


@contextmanager
def runtime_directory() -> Iterator[str]:
    """Nodes that are begun meanwhile live here."""
    base = tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OTP_RUNTIME_DIR", base)
        try:
            yield base
        finally:
            shutil.rmtree(base)


def slowness() -> float:
    """By how many times everything takes longer here than on a machine that has nothing to do."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


PATIENCE = 60.0
"""Seconds until news count as lost, on however slow a machine."""


class Size(NamedTuple):
    """What a process has: bytes of memory that are its own, and descriptors."""

    memory: int
    descriptors: int


def size_of(os_pid: int) -> Size:
    """Pipes to the mailboxes of others do not count: a bounded number of them is kept open."""
    mine = [target for target in opened_by(os_pid).values() if "/p/" not in target]
    return Size(psutil.Process(os_pid).memory_full_info().uss, len(mine))


def leftovers(base: str) -> list[str]:
    """What a node that has been stopped has left: files, or descendants of this process."""
    files = [os.path.join(folder, name) for folder, _, names in os.walk(base) for name in names]
    children = psutil.Process().children(recursive=True)
    return [*os.listdir(base), *files, *(str(child) for child in children)]
