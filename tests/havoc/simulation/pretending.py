"""What else stands in for the real thing, and how it all is put in its place."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

from tests.havoc.simulation.system import System


class Parcels:
    """In place of `otp.wire.parcel`: nothing that is sent here is long."""

    def __init__(self, system: System) -> None:
        self.discard = system.discard
        self._system = system

    def begin(self, place: object, serial: int) -> None:
        self._system.parcels.add(serial)

    def end(self, place: object, serial: int) -> None:
        self._system.parcels.discard(serial)

    def clear(self, place: object, to: int, sender: int, named: object = ()) -> bool:
        return True

    def is_for(self, ticket: object, to: int) -> bool:
        return True


class NoSpin:
    """In place of `otp.wire.waiting.Spin`: nobody is waited for."""

    window = 0.0

    def probe(self) -> float:
        return 0.0

    def slept(self, took: float) -> None: ...


class Place:
    """In place of `otp.wire.place.Place`."""

    root, id = "", "sim"

    def __init__(self, system: System) -> None:
        self._names = system.names

    def pipe(self, serial: int) -> str:
        return f"p/{serial}"

    def name(self, name: str) -> str:
        return name

    def whereis(self, name: str) -> int | None:
        return self._names.get(name)


_STAND_INS: Final = {
    "otp.kernel.main": ("os", "signal", "select", "pipe", "parcel", "monotonic", "perf_counter",
                        "Spin", "log", "Acting"),
    "otp.wire.hearing": ("pipe",),
    "otp.kernel.acting": ("resource", "os", "pipe", "parcel", "monotonic"),
    "otp.kernel.post": ("os", "pipe", "parcel", "ioctl"),
    "otp.kernel.handles": ("os", "signal", "monotonic"),
    "otp.runtime.mailbox": ("read", "select", "monotonic"),
    "otp.runtime.context": ("monotonic", "parcel"),
    "otp.runtime.refusing": ("parcel",),
    "otp.runtime.outbox": ("os", "write", "pipe"),
    "otp.runtime.timing": ("monotonic",),
}  # fmt: skip


@contextmanager
def in_place_of_the_real_one(system: System, **more: Any) -> Any:
    """The library runs on this system."""
    clock = system.monotonic
    things = {
        **dict.fromkeys(("os", "signal", "select", "pipe", "resource"), system),
        "parcel": Parcels(system), "monotonic": clock, "perf_counter": clock, "Spin": NoSpin,
        "read": system.read, "write": system.write, "ioctl": system.ioctl, **more,
    }  # fmt: skip
    patches = [
        patch(f"{module}.{name}", things[name])
        for module, names in _STAND_INS.items()
        for name in names
    ]
    try:
        for each in patches:
            each.start()
        yield
    finally:
        patch.stopall()
