"""What is sent to and fro. No library is imported here: the baselines send it too."""

from __future__ import annotations

from dataclasses import dataclass

REQUEST = ("get", "b")


@dataclass(frozen=True, slots=True)
class Order:
    """A payload of the usual kind."""

    id: int
    customer: str
    items: tuple[str, ...]
    price: float


ORDER = Order(4711, "Ada Lovelace", ("tea", "sugar", "a small cake"), 12.5)
