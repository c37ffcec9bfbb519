"""Launcher generations: which module is imported where, and which launcher may go.

Rules 1 to 3 are those at the head of `otp.kernel.warming`.
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.kernel.effects import Effect, Halt, Kill, Launch, Remove, Send
from otp.wire.codec import decode
from otp.wire.protocol import FORKED, KERNEL, LAUNCHER, READY, REAPED, STOP, WARMED
from tests.unit.playing import Play


class Warming(Play):
    """Workers whose modules are cold, and generations that import them."""

    def cold(self, module: str) -> list[Effect]:
        """A worker had to import the module itself; it stays."""
        serial = self.launch(module=module)
        self.fork(serial, self.state.processes[serial].launcher)
        return self.tell(READY, serial, module, {"path": ["here"]})[1:]

    def launcher_forked(self, serial: int) -> None:
        self.tell(FORKED, LAUNCHER, serial, 1000 + serial, b"")

    def warmed(
        self, serial: int, imported: list[str], refused: Any = (), good: bool = True
    ) -> list[Effect]:
        return self.tell(WARMED, serial, imported, list(refused), good)

    def generation(self, *modules: str) -> int:
        """The serial number of a generation that has imported these, and is current."""
        (launch,) = self.cold(modules[0])
        self.launcher_forked(launch.serial)
        self.warmed(launch.serial, list(modules))
        return launch.serial


@pytest.fixture
def play() -> Warming:
    return Warming()


def ordered(launch: Effect) -> list[str]:
    assert isinstance(launch, Launch)
    what, _, modules, surroundings = decode(launch.order)
    assert what == "generation"
    assert surroundings == {"path": ["here"]}
    return modules


def test_a_cold_module_lets_a_generation_be_built_from_the_first_launcher(play: Warming) -> None:
    (launch,) = play.cold("shop.kv")
    assert ordered(launch) == ["shop.kv"]
    assert launch.launcher == LAUNCHER
    assert launch.asker == KERNEL


def test_new_workers_come_from_the_new_generation_when_it_is_warm(play: Warming) -> None:
    (launch,) = play.cold("shop.kv")
    assert play.state.processes[play.launch()].launcher == LAUNCHER
    play.launcher_forked(launch.serial)
    play.warmed(launch.serial, ["shop.kv"])
    assert play.state.processes[play.launch()].launcher == launch.serial


def test_one_is_built_at_a_time_and_the_next_takes_what_was_wanted_meanwhile(play: Warming) -> None:
    (first,) = play.cold("a")
    assert play.cold("b") == play.cold("c") == play.cold("a") == []
    play.launcher_forked(first.serial)
    (second,) = play.warmed(first.serial, ["a"])
    assert ordered(second) == ["a", "b", "c"]


def test_a_warm_module_is_not_wanted_again(play: Warming) -> None:
    play.generation("a")
    assert play.cold("a") == []


def test_a_module_that_cannot_be_imported_is_not_tried_again(play: Warming) -> None:
    (launch,) = play.cold("broken")
    play.launcher_forked(launch.serial)
    play.warmed(launch.serial, [], refused=["broken"])
    assert play.state.warmth.current == launch.serial
    assert play.cold("broken") == []


def test_a_generation_with_threads_is_given_up_and_its_modules_are_not_tried_again(
    play: Warming,
) -> None:
    good = play.generation("good")
    (launch,) = play.cold("threads")
    play.launcher_forked(launch.serial)
    assert play.warmed(launch.serial, ["good", "threads"], good=False) == []
    assert play.state.warmth.current == good
    assert play.cold("threads") == []
    (launch,) = play.cold("fine")
    assert ordered(launch) == ["good", "fine"]


def test_a_generation_that_dies_while_it_imports_is_given_up(play: Warming) -> None:
    (launch,) = play.cold("segfaults")
    play.launcher_forked(launch.serial)
    play.cold("fine")
    effects = play.tell(REAPED, LAUNCHER, 1000 + launch.serial, -11)
    assert effects[0] == Remove(launch.serial)
    assert ordered(effects[-1]) == ["fine"]
    assert play.state.warmth.current == LAUNCHER
    assert play.cold("segfaults") == []


def test_a_superseded_generation_goes_with_its_last_child(play: Warming) -> None:
    old = play.generation("a")
    play.spawn()
    play.generation("b")
    children = [p.serial for p in play.state.processes.values() if p.launcher == old]
    stops = [Send(old, STOP, KERNEL, 0) in play.leave(child) for child in children]
    assert stops == [False, True]


def test_one_without_children_goes_when_it_is_superseded(play: Warming) -> None:
    old = play.generation("a")
    (launch,) = play.cold("b")
    for process in list(play.state.processes.values()):
        if process.launcher == old:
            play.leave(process.serial)
    play.launcher_forked(launch.serial)
    assert play.warmed(launch.serial, ["a", "b"]) == [Send(old, STOP, KERNEL, 0)]
    assert play.tell(REAPED, LAUNCHER, 1000 + old, 0) == [Remove(old)]


def test_the_first_and_the_current_launcher_stay(play: Warming) -> None:
    worker = play.spawn()
    assert STOP not in [getattr(e, "kind", None) for e in play.leave(worker)]
    play.generation("a")
    worker = play.spawn()
    assert STOP not in [getattr(e, "kind", None) for e in play.leave(worker)]


def test_a_node_that_ends_builds_no_more(play: Warming) -> None:
    play.spawn(patience=None)
    play.tell(STOP, play.main)
    serial = next(p.serial for p in play.state.processes.values() if not p.attached)
    assert not [e for e in play.tell(READY, serial, "a", {}) if isinstance(e, Launch | Kill)]


def test_a_node_ends_with_the_launcher_that_forks_its_workers(play: Warming) -> None:
    current = play.generation("a")
    assert play.tell(REAPED, LAUNCHER, 1000 + current, -9) == [Remove(current), Halt()]


def test_a_generation_that_cannot_be_forked_is_given_up(play: Warming) -> None:
    (launch,) = play.cold("a")
    effects = play.tell(FORKED, LAUNCHER, launch.serial, 0, b"reason")
    assert effects[0] == Remove(launch.serial)
    assert play.state.warmth.building == 0
    assert ordered(play.cold("b")[0]) == ["b"]
    assert not play.state.is_launcher(launch.serial)
