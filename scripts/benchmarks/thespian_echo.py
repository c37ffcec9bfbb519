"""Thespian imports an actor by the name of its module, so it has one of its own."""

from __future__ import annotations

from typing import Any

from thespian.actors import Actor


class Echo(Actor):  # type: ignore[misc]
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        if isinstance(message, str | tuple):
            self.send(sender, message)
