"""The two sessions of the book: what the docstrings of the examples say, typed in and compared."""

from __future__ import annotations

import doctest
import io
import sys
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any

from otp.examples import kv_store, rate_limiter
from otp.examples.demo import screen


def play() -> None:
    session("A key-value store", kv_store)
    session("A rate limiter: three permits a second", rate_limiter)


def session(title: str, module: ModuleType) -> None:
    screen.title(title)
    known: dict[str, Any] = {}
    examples = doctest.DocTestParser().get_examples(module.__doc__ or "")
    for example in examples:
        screen.show(f"{screen.paint('>>>', 'dim')} {example.source.rstrip()}")
        answer = evaluate(example.source, known)
        if answer:
            screen.show(screen.paint(answer.rstrip(), "yellow"))
        if answer != example.want:
            raise screen.NotAsAnnounced(f"{example.source.rstrip()} should say {example.want!r}")
    screen.confirm(f"{len(examples)} lines, all answers as in the book", held=bool(examples))


def evaluate(source: str, known: dict[str, Any]) -> str:
    """What a line shows when it is typed into Python."""
    said = io.StringIO()
    display, sys.displayhook = sys.displayhook, sys.__displayhook__
    try:
        with redirect_stdout(said):
            exec(compile(source, "<session>", "single"), known)  # noqa: S102
    finally:
        sys.displayhook = display
    return said.getvalue()
