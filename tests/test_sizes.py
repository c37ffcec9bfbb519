"""How long a file and a function may be.

A function's length is counted from its first statement after the docstring to its last line.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
FILE, FUNCTION, USUAL = 300, 30, 15


class Function(NamedTuple):
    place: str
    lines: int


def python(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def functions(path: Path) -> list[Function]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return [
        Function(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", code_lines(node))
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("folder", ["otp", "tests"])
def test_files_are_short(folder: str) -> None:
    lengths = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in python(folder)}
    assert not {path: lines for path, lines in lengths.items() if lines > FILE}


@pytest.mark.parametrize("folder", ["otp", "tests"])
def test_functions_are_short(folder: str) -> None:
    everything = [function for path in python(folder) for function in functions(path)]
    assert not [function for function in everything if function.lines > FUNCTION]


def test_nine_in_ten_functions_are_shorter_still() -> None:
    lengths = [function.lines for path in python("otp") for function in functions(path)]
    assert sum(lines < USUAL for lines in lengths) >= 0.9 * len(lengths)
