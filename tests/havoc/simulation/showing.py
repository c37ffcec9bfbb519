"""Frames and effects as a history shows them."""

from __future__ import annotations

from otp.kernel import effects as act
from otp.wire import protocol as say

_NAMES: dict[int, str] = {
    value: name
    for name, value in vars(say).items()
    if name.isupper() and isinstance(value, int) and name not in ("VERSION", "KERNEL", "LAUNCHER")
}


def name_of(kind: int) -> str:
    return _NAMES[kind]


def effect_is(effect: act.Effect) -> str:
    """As a history shows it."""
    if isinstance(effect, act.Send):
        return f"{name_of(effect.kind)} to {effect.to}, of {effect.sender}, ref {effect.ref}"
    return repr(effect)[:90]
