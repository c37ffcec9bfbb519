"""The window in which a receiver tries before it sleeps."""

from __future__ import annotations

from itertools import pairwise

import pytest

from otp.wire.waiting import Spin


def closed() -> Spin:
    spin = Spin()
    while spin.window:
        spin.missed()
    return spin


def test_a_new_one_tries_for_a_moment() -> None:
    assert 0 < Spin().window < 100e-6


def test_tries_that_fail_close_the_window_soon() -> None:
    spin, tries = Spin(), 0
    while spin.window:
        spin.missed()
        tries += 1
    assert tries < 10


def test_the_window_follows_how_long_it_takes_but_has_an_end() -> None:
    spin = Spin()
    for _ in range(100):
        spin.hit(15e-6)
    assert 30e-6 < spin.window <= 60e-6
    for _ in range(100):
        spin.hit(1.0)
    assert spin.window <= 100e-6


def test_the_window_shrinks_again_when_answers_are_quick() -> None:
    spin = Spin()
    for _ in range(100):
        spin.hit(50e-6)
    wide = spin.window
    for _ in range(100):
        spin.hit(1e-6)
    assert spin.window < wide


def test_a_closed_window_is_tried_now_and_then() -> None:
    spin = closed()
    windows = [spin.window or spin.probe() for _ in range(100)]
    assert 1 <= sum(w > 0 for w in windows) <= 10


def test_a_short_sleep_opens_the_window_and_a_long_one_does_not() -> None:
    spin = closed()
    spin.slept(0.5)
    assert spin.window == 0.0
    spin.slept(10e-6)
    assert spin.window > 0


def test_short_sleeps_that_mislead_are_believed_less_and_less() -> None:
    spin, openings = closed(), []
    for sleep in range(100):
        spin.slept(10e-6)
        if spin.window:
            openings.append(sleep)
            while spin.window:
                spin.missed()
    gaps = [after - before for before, after in pairwise(openings)]
    assert openings[0] == 0
    assert gaps == [2, 4, 8, 16, 32]


def test_a_hit_restores_the_belief() -> None:
    spin = closed()
    for _ in range(50):
        spin.slept(10e-6)
        while spin.window:
            spin.missed()
    spin.hit(1e-6)
    while spin.window:
        spin.missed()
    spin.slept(10e-6)
    assert spin.window > 0


def test_a_long_try_that_fails_puts_the_next_off() -> None:
    spin = closed()
    probes = [wait for wait in range(1, 3000) if spin.probe()]
    gaps = [after - before for before, after in pairwise([0, *probes])]
    assert gaps == [32, 64, 128, 256, 512, 512, 512, 512]


@pytest.mark.parametrize("found", [False, True])
def test_a_try_in_a_crowd_closes_the_window_at_once(found: bool) -> None:
    """Everybody else ran first: who sleeps is woken before they are."""
    spin = Spin()
    if found:
        spin.hit(0.0, 1e-3)
    else:
        spin.missed(1e-3)
    assert spin.window == 0.0


def test_a_try_while_the_other_works_does_not() -> None:
    spin = Spin()
    spin.hit(0.0, 200e-6)
    assert spin.window > 0
