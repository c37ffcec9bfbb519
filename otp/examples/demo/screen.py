"""What is shown, and the promise behind it: each announcement is checked, and told if it held.

Colours only on a terminal, and not where NO_COLOR is set (https://no-color.org).
"""

from __future__ import annotations

import os
import sys
import textwrap
from io import TextIOWrapper
from typing import Final

WIDTH: Final = 98
_BAR: Final = 40

_COLOURED = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
_CODES: Final = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}


class NotAsAnnounced(Exception):
    """The demo promised something that did not happen."""


def open_for_any_encoding() -> None:
    """Show a question mark where the terminal has no such letter."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def title(text: str) -> None:
    show()
    show(paint(text, "bold", "cyan"))
    show(paint("─" * len(text), "cyan"))


def announce(text: str) -> None:
    """What is about to happen, so that everyone can see whether it does."""
    show()
    for line in textwrap.wrap(text, WIDTH):
        show(paint(line, "bold"))


def confirm(text: str, *, held: bool) -> None:
    """Tell that an announcement held; raise `NotAsAnnounced` if it did not."""
    if not held:
        raise NotAsAnnounced(text)
    first, *rest = textwrap.wrap(text, WIDTH - 4)
    show(f"  {paint('✓', 'green')} {first}")
    for line in rest:
        show(f"    {line}")


def progress(what: str, done: int, of: int) -> None:
    """How far a long operation is, in a line that the next one replaces; only on a terminal."""
    if sys.stdout.isatty():
        full = _BAR * done // of
        line = f"  {'█' * full}{'░' * (_BAR - full)} {done} of {of} {what}"
        print(f"\r{line}\x1b[K" if done < of else "\r\x1b[K", end="", flush=True)


def quote(text: str) -> None:
    """Something that a process has written itself."""
    for line in text.splitlines():
        show(paint(cut(f"  │ {line}"), "dim"))


def paint(text: str, *styles: str) -> str:
    codes = ";".join(str(_CODES[style]) for style in styles)
    return f"\x1b[{codes}m{text}\x1b[0m" if _COLOURED and codes else text


def cut(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def show(text: str = "") -> None:
    print(text, flush=True)
