"""What holds for all children of a supervisor (OTP's ``sup_flags()``)."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal, TypeAlias

from otp.behaviour.child import ChildSpec, one_of
from otp.errors import shorten

Strategy: TypeAlias = Literal["one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one"]
AutoShutdown: TypeAlias = Literal["never", "any_significant", "all_significant"]

STRATEGIES = ("one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one")
AUTO_SHUTDOWNS = ("never", "any_significant", "all_significant")


@dataclass(frozen=True, slots=True)
class Flags:
    """Checked where they are made: TypeError or ValueError names the field and what is allowed.

    >>> Flags(intensity=-1)
    Traceback (most recent call last):
    ...
    ValueError: intensity must be a whole number of at least 0, got -1
    """

    strategy: Strategy = "one_for_one"
    intensity: int = 1
    period: float = 5.0
    auto_shutdown: AutoShutdown = "never"

    def __post_init__(self) -> None:
        one_of("strategy", self.strategy, STRATEGIES)
        one_of("auto_shutdown", self.auto_shutdown, AUTO_SHUTDOWNS)
        _check_intensity(self.intensity)
        _check_period(self.period)
        if self.is_simple and self.auto_shutdown != "never":
            raise ValueError(
                "auto_shutdown must be 'never' with strategy='simple_one_for_one', "
                f"got {self.auto_shutdown!r}"
            )

    @property
    def is_simple(self) -> bool:
        return self.strategy == "simple_one_for_one"


def check_count(specs: tuple[ChildSpec, ...], flags: Flags) -> None:
    """A simple_one_for_one supervisor has one specification, the template of all its children."""
    if flags.is_simple and len(specs) != 1:
        raise ValueError(
            "children must hold exactly one ChildSpec, the template, with "
            f"strategy='simple_one_for_one', got {len(specs)}"
        )


def _check_intensity(intensity: object) -> None:
    wants = f"intensity must be a whole number of at least 0, got {shorten(intensity)}"
    if isinstance(intensity, bool) or not isinstance(intensity, int):
        raise TypeError(wants)
    if intensity < 0:
        raise ValueError(wants)


def _check_period(period: object) -> None:
    wants = f"period must be seconds of more than 0, got {shorten(period)}"
    if isinstance(period, bool) or not isinstance(period, int | float):
        raise TypeError(wants)
    if not (isfinite(period) and period > 0):
        raise ValueError(wants)
