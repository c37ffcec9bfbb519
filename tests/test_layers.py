"""The architecture, executable: a module may import what stands in a row above its own.

Never a row below, never beside. Every import counts: one inside a function, and one that only a
type checker sees, bind two modules together like any other.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    {"otp.terms"},
    {"otp.errors"},
    {"otp.wire"},
    {"otp.runtime", "otp.kernel"},  # two processes: they share bytes, never code
    {"otp.process", "otp.node"},
    {"otp.gen"},
    {"otp.behaviour"},  # the engines of the behaviours below
    {"otp.gen_server", "otp.proc_lib", "otp.system"},
    {"otp.supervisor", "otp.timer"},
    {"otp.examples", "otp.testing"},
]
RANK = {name: rank for rank, row in enumerate(LAYERS) for name in row}


def module_of(path: Path) -> str:
    """otp/wire/pipe.py is otp.wire.pipe, otp/wire/__init__.py is otp.wire."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_of(path): path for path in sorted((ROOT / "otp").rglob("*.py"))}
MODULES = {*FILES, *RANK}


def unit(module: str) -> str:
    """The thing the table ranks: a top-level module, or a whole sub-package."""
    return ".".join(module.split(".")[:2])


def imports(source: str) -> set[str]:
    """The modules of this library that a source text imports."""
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    froms = {
        full if (full := f"{node.module}.{alias.name}") in MODULES else str(node.module)
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return {name for name in plain | froms if unit(name).split(".")[0] == "otp"}


GRAPH = {module: imports(path.read_text()) - {module} for module, path in FILES.items()}


def wrong_imports(module: str, imported: set[str]) -> set[str]:
    others = {unit(name) for name in imported} - {unit(module), "otp"}
    return {name for name in others if RANK[name] >= RANK[unit(module)]}


def reachable(module: str) -> set[str]:
    """What a module imports, directly or through others of its own unit."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        for name in GRAPH.get(waiting.pop(), set()) - found:
            if unit(name) == unit(module):
                found.add(name)
                waiting.append(name)
    return found


def test_every_module_has_a_row() -> None:
    assert {unit(module) for module in FILES} - {"otp"} <= set(RANK)


@pytest.mark.parametrize("module", sorted(set(FILES) - {"otp"}))
def test_imports_point_up(module: str) -> None:
    wrong = wrong_imports(module, GRAPH[module])
    assert not wrong, f"{module} (row {RANK[unit(module)]}) may not import {sorted(wrong)}"


@pytest.mark.parametrize("module", sorted(FILES))
def test_modules_do_not_import_each_other_in_a_circle(module: str) -> None:
    assert module not in reachable(module)


def test_the_package_itself_imports_nothing() -> None:
    assert not GRAPH["otp"]


def test_the_kernel_is_a_program_and_nobody_imports_it() -> None:
    users = {m for m, names in GRAPH.items() if "otp.kernel" in {unit(name) for name in names}}
    assert {unit(user) for user in users} <= {"otp.kernel"}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("otp.runtime.context", "import otp.kernel.main"),
        ("otp.kernel.main", "from otp.runtime import mailbox"),
        ("otp.process", "def start():\n    from otp import node"),
        ("otp.terms", "if TYPE_CHECKING:\n    from otp.errors import OtpError"),
        ("otp.gen_server", "from otp.supervisor import ChildSpec"),
    ],
)
def test_a_wrong_import_is_seen_wherever_it_hides(module: str, source: str) -> None:
    assert wrong_imports(module, imports(source))
