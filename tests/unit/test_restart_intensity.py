"""The sliding window: at most `intensity` restarts within `period` seconds, in whole seconds."""

from __future__ import annotations

import pytest

from otp.behaviour.restarting import add_restart, too_many


def gives_up_at(times, *, intensity, period):
    """The time of the restart that is one too many, or None."""
    restarts = ()
    for now in times:
        restarts = add_restart(restarts, now, period)
        if too_many(restarts, intensity):
            return now
    return None


@pytest.mark.parametrize(
    ("intensity", "period", "times", "end"),
    [
        (0, 5, [1.0], 1.0),
        (1, 5, [1.0], None),
        (1, 5, [1.0, 1.1], 1.1),
        (1, 5, [1.0, 6.0], 6.0),
        (1, 5, [1.0, 6.999], 6.999),  # whole seconds: 6 - 5 is not after 1
        (1, 5, [1.0, 7.0], None),
        (1, 5, [1.999, 7.0], None),  # 5.001 s apart, and already out of the window
        (1, 1, [0.0, 2.2, 4.4, 4.5], 4.5),
        (2, 10, [0.0, 1.0, 2.0], 2.0),
        (2, 10, [0.0, 1.0, 10.9], 10.9),
        (2, 10, [0.0, 1.0, 11.0], None),
        (3, 5, [0, 2, 4, 6, 8, 10], None),
        (3, 5, [0, 1, 2, 3], 3),
        (1, 0.5, [3.0, 3.9], 3.9),
        (1, 0.5, [3.9, 4.0], None),
        (1, 1.5, [3.9, 4.0], 4.0),
    ],
)
def test_one_restart_more_than_the_intensity_within_the_period_is_too_many(
    intensity, period, times, end
):
    assert gives_up_at(times, intensity=intensity, period=period) == end


def test_what_is_out_of_the_window_is_forgotten():
    assert add_restart((9, 8, 7, 1), now=10.0, period=2) == (10, 9, 8)


def test_a_clock_that_started_long_before_zero_counts_the_same():
    assert gives_up_at([-7.5, -7.1], intensity=1, period=5) == -7.1
    assert gives_up_at([-7.5, -1.0], intensity=1, period=5) is None
