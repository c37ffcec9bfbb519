"""`make bench` runs: servers, baselines, and what it must know of the inside of the library."""

from __future__ import annotations

import json

from tests.programs import ROOT, run

SCRIPTS = ROOT / "scripts"


def test_it_measures_calls_beside_their_baselines() -> None:
    done = run(SCRIPTS / "bench", "--only", "calls", "--rounds", "1", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["call"]["ratio"] > 1
    assert rows["call"]["is_met"] == (rows["call"]["ratio"] <= rows["call"]["budget"])


def test_an_area_that_is_not_there_is_named() -> None:
    done = run(SCRIPTS / "bench", "--only", "nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr
    assert "payloads" in done.stderr


def test_a_mailbox_can_be_kept_from_spinning() -> None:
    done = run("-c", "import benchmarks.sleeping", cwd=SCRIPTS)
    assert done.returncode == 0, done.stderr


def test_a_row_is_shown_as_it_says() -> None:
    done = run("-m", "doctest", "benchmarks/table.py", cwd=SCRIPTS)
    assert done.returncode == 0, done.stdout
