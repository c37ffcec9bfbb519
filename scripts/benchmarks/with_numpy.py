"""A server whose module imports numpy."""

from __future__ import annotations

import os

import numpy as np

from benchmarks.plain import Plain

BORN_IN = os.getpid()


class WithNumpy(Plain):
    """The same, with something to keep in memory that is slow to import."""

    zeros = np.zeros(1)
