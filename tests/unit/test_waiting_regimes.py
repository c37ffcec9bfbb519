"""The policy of waiting in the regimes that it must be good in, played on a machine of few cores.

Three policies that are wrong are played too, so that the play is known to tell good from bad.
"""

from __future__ import annotations

from otp.wire.waiting import Spin
from tests.scheduling import SECOND, pairs


class Endless:
    """Try until something comes."""

    window = 1e9

    def probe(self) -> float:
        return 0.0

    def hit(self, in_vain: float, took: float) -> None: ...
    def missed(self, took: float) -> None: ...
    def slept(self, took: float) -> None: ...


class Fixed(Endless):
    """Try for a moment, whatever comes of it."""

    window = 50e-6


class Never(Endless):
    """Sleep at once."""

    window = 0.0


WRONG = (Endless, Fixed, Never)


def test_one_pair_on_two_idle_cores_answers_without_a_sleep() -> None:
    spin, never = (pairs(policy, cores=2).calls for policy in (Spin, Never))
    assert spin >= 0.99 * pairs(Endless, cores=2).calls
    assert never < 0.2 * spin


def test_one_pair_on_one_cpu_makes_way_for_each_other() -> None:
    assert pairs(Spin, cores=1).calls >= 0.99 * max(pairs(p, cores=1).calls for p in WRONG)


def test_on_one_cpu_where_a_yield_makes_no_way_it_is_no_worse_than_sleeping() -> None:
    spin, endless, fixed, never = (
        pairs(policy, cores=1, make_way=False, until=SECOND / 5).calls for policy in (Spin, *WRONG)
    )
    assert spin >= 0.85 * never
    assert endless == 0
    assert fixed < 0.2 * never


def test_two_pairs_that_work_on_two_cores_lose_nothing_to_tries() -> None:
    for make_way in (True, False):
        spin, endless, _, never = (
            pairs(policy, cores=2, number=2, work=200, make_way=make_way).calls
            for policy in (Spin, *WRONG)
        )
        assert spin >= 0.95 * never
        assert endless < 0.6 * never


def test_sixteen_pairs_on_two_cores_lose_nothing_to_tries() -> None:
    for work in (4, 20):
        spin, never = (
            pairs(policy, cores=2, number=16, work=work).calls for policy in (Spin, Never)
        )
        assert spin >= 0.95 * never
    assert all(pairs(p, cores=2, number=16, work=20).calls < 0.8 * never for p in (Endless, Fixed))


def test_a_server_called_once_a_second_is_idle() -> None:
    assert pairs(Spin, cores=2, every=SECOND, until=100 * SECOND).tried < 1e-5
    assert pairs(Fixed, cores=2, every=SECOND, until=100 * SECOND).tried > 5e-5
    assert pairs(Endless, cores=2, every=SECOND, until=SECOND / 50).tried > 0.9


def test_two_that_sleep_find_out_that_they_need_not_any_more() -> None:
    spins = [Spin(), Spin()]
    of_each = iter(2 * spins)
    pairs(lambda: next(of_each), cores=1, make_way=False)
    assert not any(spin.window for spin in spins)
    pairs(lambda: next(of_each), cores=2, until=SECOND / 10)
    assert all(spin.window for spin in spins)
