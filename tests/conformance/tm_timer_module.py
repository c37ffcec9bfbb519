"""The timer module: an interval, a function to be called later, cancel."""

from otp import process, timer
from tests.conformance.lib import tr


def main():
    me = process.self()
    i = timer.send_interval(0.1, me, "tick")
    tr.p(("three_ticks", [receive("tick") for _ in range(3)]))
    tr.p(("cancel", cancel(i)))
    tr.mailbox(0.03)
    tr.p(("after_cancel", tr.mailbox(0.3)))
    timer.apply_after(0.05, process.send, me, "applied")
    tr.p(receive("applied"))
    tr.p(("bad_cancel", cancel("nonsense")))
    timer.send_after(0.05, me, "once")
    tr.p(("send_after", receive("once"), tr.mailbox(0.1)))


def receive(message):
    try:
        return process.receive(lambda m: m == message, 2.0)
    except TimeoutError:
        return "none"


def cancel(ref):
    """As Erlang's, which returns what ours returns or raises."""
    try:
        timer.cancel(ref)
    except TypeError:
        return ("error", "badarg")
    return ("ok", "cancel")
