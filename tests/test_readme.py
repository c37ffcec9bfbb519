"""Every program in README.md runs, and prints what README.md says.

A ```python block is a script; the ```text block that follows it, if any, is what it prints, with
`...` for what is different each time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from typing import NamedTuple

import pytest

README = Path(__file__).parents[1] / "README.md"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Program(NamedTuple):
    line: int
    source: str
    output: str | None


def programs(text: str) -> list[Program]:
    blocks = [(m[1], m[2], text.count("\n", 0, m.start()) + 1) for m in FENCED.finditer(text)]
    following = [*blocks[1:], ("", "", 0)]
    return [
        Program(line, source, printed if kind == "text" else None)
        for (language, source, line), (kind, printed, _) in zip(blocks, following, strict=True)
        if language == "python"
    ]


PROGRAMS = programs(README.read_text()) if README.exists() else []


@pytest.mark.skipif(not PROGRAMS, reason="README.md shows no program yet")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: f"line {program.line}")
def test_a_program_prints_what_the_readme_says(program: Program, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(program.source)
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(README.parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if program.output is not None:
        same = OutputChecker().check_output(program.output, done.stdout, ELLIPSIS)
        assert same, f"printed:\n{done.stdout}\nexpected:\n{program.output}"


def test_a_program_is_paired_with_the_output_below_it() -> None:
    text = "# a\n```python\n1\n```\nprints\n```text\n2\n```\n```sh\nx\n```\n```python\n3\n```\n"
    assert programs(text) == [Program(2, "1\n", "2\n"), Program(12, "3\n", None)]
