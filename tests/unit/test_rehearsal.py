"""A launcher that has played the life of a server is what it was before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from otp.behaviour import rehearsal
from otp.wire.place import Place

PLAYS = """\
import os, signal, sys
from otp.behaviour import rehearsal
from otp.runtime import boot, here
from otp.wire.orphan import BELL

def state():
    files = os.listdir("/proc/self/fd"), os.listdir(sys.argv[1] + "/p")
    process = boot.membership(), here._thread.context, list(here._contexts)
    return *files, *process, signal.getsignal(BELL), os.getcwd(), dict(os.environ)

heard = []
for callback in ("init", "handle_call", "handle_cast", "handle_info"):
    def hears(*args, name=callback, real=getattr(rehearsal.Understudy, callback)):
        heard.append(name)
        return real(*args)
    setattr(rehearsal.Understudy, callback, hears)

signal.signal(BELL, lambda number, frame: None)
before = state()
rehearsal.play(sys.argv[1])
assert state() == before, (before, state())
one = ["init", "handle_call", "handle_call", "handle_cast", "handle_info"]
assert heard == one * rehearsal._TIMES, heard
"""


ROOT = Path(__file__).parents[2]


def play(place: Place) -> int:
    return subprocess.run(
        [sys.executable, "-c", PLAYS, place.root], check=False, timeout=20,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).returncode  # fmt: skip


def test_nothing_of_it_stays(place: Place) -> None:
    assert play(place) == 0


def test_what_another_launcher_left_in_the_midst_of_it_does_no_harm(place: Place) -> None:
    os.mkfifo(place.pipe(rehearsal._SERVER))
    play(place)
    assert os.listdir(f"{place.root}/p") == []
