"""The signals of one process to another count in the order sent, of whatever kind they are."""

from __future__ import annotations

import pytest

from otp import process
from otp.terms import Exit, Pid
from tests.expecting import expect, expect_down

TIMES = 20


def waiting() -> Pid:
    return process.spawn(process.receive)


@pytest.mark.parametrize("reason", ["kill", "boom"])
def test_who_has_got_an_exit_signal_is_dead_to_its_sender(reason) -> None:
    process.trap_exit()
    for _ in range(TIMES):
        pid = waiting()
        process.exit(pid, reason)
        assert expect_down(process.monitor(pid)) == "noproc"
        pid = waiting()
        process.exit(pid, reason)
        process.link(pid)
        assert expect() == Exit(pid, "noproc")


@pytest.mark.parametrize(("first", "second"), [("boom", "kill"), ("kill", "boom"), ("a", "b")])
def test_of_two_exit_signals_the_first_counts(first, second) -> None:
    for _ in range(TIMES):
        pid = waiting()
        ref = process.monitor(pid)
        process.exit(pid, first)
        process.exit(pid, second)
        assert not process.is_alive(pid)
        assert expect_down(ref) == ("killed" if first == "kill" else first)
