"""A mailbox is a queue that can be picked from; what is not wanted keeps its place."""

from otp import process
from tests.conformance.lib import tr


def main():
    for m in (("a", 1), ("b", 1), ("a", 2), ("c", 1), ("b", 2)):
        process.send(process.self(), m)
    tr.p(("first_b", receive("b")))
    tr.p(("no_d", receive("d", 0)))
    tr.p(("no_d_wait", receive("d", 0.05)))
    tr.p(("first_b", receive("b")))
    tr.p(("rest", tr.mailbox(0.02)))


def receive(tag, limit=None):
    try:
        return process.receive(lambda m: m[0] == tag, limit)[1]
    except TimeoutError:
        return "none"
