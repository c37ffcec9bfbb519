"""What a process has sent stands in the mailbox before the news of its death."""

from otp import process
from otp.terms import Down, Exit
from tests.conformance.lib import tr


def main():
    process.trap_exit(True)
    me = process.self()
    results = []
    for _ in range(50):
        p = process.spawn_link(worker, me)
        ref = tr.watch(p)
        process.send(p, "go")
        every = [process.receive() for _ in range(7)]
        messages, notices = every[:5], every[5:]
        result = (messages, sorted(norm(notice, p, ref) for notice in notices))
        if result not in results:
            results.append(result)
    tr.p(("distinct_results", results))


def worker(me):
    process.receive(lambda m: m == "go")
    for n in range(1, 6):
        process.send(me, ("m", n))
    process.exit("done")


def norm(notice, p, ref):
    if isinstance(notice, Exit) and notice.pid == p:
        return ("exit", notice.reason)
    if isinstance(notice, Down) and notice.ref == ref and notice.pid == p:
        return ("down", notice.reason)
    return ("other", repr(notice))
