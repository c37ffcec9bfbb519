"""Timers fire in the order of their deadlines; one of 0 s queues behind the mailbox."""

from otp import process
from tests.conformance.lib import tr


def main():
    for ms in (450, 150, 300):
        process.send_after(ms / 1000, process.self(), ("at", ms))
    process.send(process.self(), "queued_first")
    process.send_after(0, process.self(), "zero")
    tr.sleep(0.05)
    tr.p(("soon", tr.mailbox(0.03)))
    tr.p(("in_deadline_order", [process.receive() for _ in range(3)]))
    tr.p(("negative", tr.attempt(process.send_after, -1, process.self(), "x")))
