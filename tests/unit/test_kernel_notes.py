"""What processes let the kernel know of themselves: that they hibernate, that a module is stale."""

from __future__ import annotations

from pickle import loads

from otp.kernel.effects import Launch
from otp.wire.protocol import HIBERNATING, INFO, STALE
from tests.unit.playing import Play


def test_a_process_hibernates_until_it_says_otherwise() -> None:
    play = Play()
    worker = play.spawn()
    play.tell(HIBERNATING, worker, True)
    assert play.ask(INFO, play.main, worker)["status"] == "hibernating"
    play.tell(HIBERNATING, worker, False)
    assert play.ask(INFO, play.main, worker)["status"] == "running"


def test_the_dead_do_not_hibernate() -> None:
    play = Play()
    worker = play.spawn()
    play.leave(worker)
    assert not play.tell(HIBERNATING, worker, True)


def test_whoever_is_started_later_is_told_which_modules_are_stale() -> None:
    play = Play()
    assert stale_in_the_next_order(play) == []
    play.tell(STALE, play.main, "shop.kv")
    play.tell(STALE, play.main, "shop.kv")
    play.tell(STALE, play.main, "shop.bank")
    assert stale_in_the_next_order(play) == ["shop.bank", "shop.kv"]


def stale_in_the_next_order(play: Play) -> list[str]:
    (launch,) = [effect for effect in play.order(play.main) if isinstance(effect, Launch)]
    _, _, order = loads(launch.order)
    found: list[str] = order["stale"]
    return found


def test_what_a_process_is_for_is_known() -> None:
    play = Play()
    worker = play.spawn(initial_call=("shop.kv", "Store.init", 1))
    assert play.ask(INFO, play.main, worker)["initial_call"] == ("shop.kv", "Store.init", 1)
