"""send_after, start_timer, cancel_timer, read_timer: what they do and return."""

from otp import process
from tests.conformance.lib import tr


def main():
    s, m1 = tr.timed(ring)
    tr.p((m1, "not_early", s >= 0.15, "not_very_late", s < 1.0))
    t2 = process.send_after(0.3, process.self(), "never")
    r2 = process.read_timer(t2)
    l2 = process.cancel_timer(t2)
    tr.p(("read", 0 < r2 <= 0.3, "cancel", 0 < l2 <= 0.3))
    tr.p(("cancel_again", left(process.cancel_timer(t2)), "mailbox", tr.mailbox(0.5)))
    t3 = process.start_timer(0.05, process.self(), "payload")
    tr.name(t3, "timer")
    tr.p(("fired", process.receive()))
    cancelled = left(process.cancel_timer(t3))
    tr.p(("cancel_after_fired", cancelled, "read", left(process.read_timer(t3))))


def ring():
    process.send_after(0.15, process.self(), "ring")
    return process.receive()


def left(seconds):
    """Of a timer that is over: None, for which Erlang has false."""
    return False if seconds is None else seconds
