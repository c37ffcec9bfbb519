"""The examples in the docstrings are true. Those that use processes do so on the tests' node."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import otp

ROOT = Path(otp.__file__).parent
MODULES = sorted(
    ".".join(("otp", *path.relative_to(ROOT).with_suffix("").parts))
    for path in ROOT.rglob("[a-z]*.py")
)
MODULES.append("tests.sharing")


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    tried = doctest.testmod(import_module(name), raise_on_error=False)
    assert not tried.failed
