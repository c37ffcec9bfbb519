"""A scenario: what it explains, the traces that are recorded of it, and how both sides are run."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).parents[1]
ROOT = HERE.parents[1]
LIMIT = 60.0
"""Seconds until a run that prints nothing has failed."""

AREAS = {
    "gs": "gen_server", "sup": "supervisor", "sig": "exit signals", "ln": "links",
    "mon": "monitors", "reg": "registry", "tm": "timers", "sys": "system", "pl": "proc_lib",
    "st": "gen_statem", "ev": "gen_event", "app": "application", "pg": "pg",
}  # fmt: skip
NOT_YET = {
    "st": "gen_statem", "ev": "gen_event", "app": "application", "pg": "pg",
    "reg_global_names": "global names", "gs_global_and_via_names": "global names",
}  # fmt: skip
"""Areas and scenarios that wait for a module which is not there yet."""


class Failed(Exception):
    """A run that printed no trace, and what it said instead."""


class Scenario:
    """One file of this directory."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.area = AREAS[name.partition("_")[0]]
        self.waits_for = NOT_YET.get(name) or NOT_YET.get(name.partition("_")[0])

    def __repr__(self) -> str:
        return self.name

    @property
    def has_twin(self) -> bool:
        return (HERE / f"{self.name}.py").exists()

    @cached_property
    def explanation(self) -> str:
        """The comment at the head of the scenario, and what its twin says of a difference."""
        lines = (HERE / f"{self.name}.erl").read_text().splitlines()
        comment = "\n".join(line.lstrip("% ") for line in lines if line.startswith("%%"))
        return f"{comment}\n{self.difference}".rstrip()

    @cached_property
    def difference(self) -> str:
        """The line in which the twin says what Python does otherwise; empty if it does not."""
        lines = (HERE / f"{self.name}.py").read_text().splitlines() if self.has_twin else []
        return next((line for line in lines if line.startswith("Differs: ")), "")

    def expected(self) -> str:
        """What the twin is to print: the recorded trace, unless it says what it does otherwise."""
        ours = HERE / f"{self.name}.python.trace"
        return ours.read_text() if ours.exists() else self.recorded()

    def recorded(self, release: int = 26) -> str:
        """The trace of a real BEAM of this release; ours is to be that of 26 and later."""
        newer = HERE / f"{self.name}.otp26plus.trace"
        if release >= 26 and newer.exists():
            return newer.read_text()
        return (HERE / f"{self.name}.trace").read_text()

    # ---- running

    def run_python(self) -> str:
        """The trace of the twin, in a node of its own that must leave nothing behind."""
        with tempfile.TemporaryDirectory(prefix="otp-") as directory:
            environment = {**os.environ, "OTP_RUNTIME_DIR": directory, "PYTHONPATH": str(ROOT)}
            command = [sys.executable, "-m", "tests.conformance.lib.run", self.name]
            trace = _run(command, environment)
            if left := list(Path(directory).rglob("*")):
                raise Failed(f"left behind: {left}")
        return trace

    def run_erlang(self, beams: str, schedulers: int = 1) -> str:
        """The trace of the real BEAM; `beams` is where `compile_erlang` has put the code."""
        quiet = ["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none", "-noshell", "-noinput"]
        program = ["-pa", beams, "-eval", f"tr:run({self.name})."]
        return _run(["erl", "+S", str(schedulers), *quiet, *program], dict(os.environ))


def scenarios(names: Iterable[str] = ()) -> list[Scenario]:
    """These, or all, in the order of the table of areas."""
    every = sorted(path.stem for path in HERE.glob("*.erl"))
    if unknown := set(names) - set(every):
        raise Failed(f"no such scenario: {', '.join(sorted(unknown))}")
    order = list(AREAS.values())
    found = [Scenario(name) for name in every if name in (names or every)]
    return sorted(found, key=lambda scenario: order.index(scenario.area))


def compile_erlang(into: str, found: Iterable[Scenario]) -> None:
    files = [*HERE.glob("lib/*.erl"), *(HERE / f"{scenario.name}.erl" for scenario in found)]
    _run(["erlc", "-o", into, *map(str, files)], dict(os.environ))


def erlang_release() -> int:
    """Which OTP is installed."""
    code = "io:put_chars(erlang:system_info(otp_release)), halt()."
    return int(_run(["erl", "-noshell", "-eval", code], dict(os.environ)))


def differing(wanted: str, got: str, of: str = "Python") -> str:
    """The lines that differ, as a unified diff; empty if there are none."""
    lines = difflib.unified_diff(
        wanted.splitlines(), got.splitlines(), "recorded on the BEAM", of, lineterm="", n=2
    )
    return "\n".join(lines)


def _run(command: list[str], environment: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=LIMIT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{command[0]} took more than {LIMIT} s\n{late.stderr!r}") from None
    if done.returncode or (done.stderr and command[0] != "erlc"):  # which may warn
        raise Failed(f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout
