"""After unlink nothing of the link comes any more; what is in the mailbox already stays there."""

from otp import process
from otp.terms import Exit
from tests.conformance.lib import tr


def main():
    me = process.self()
    p1 = tr.proc_link("p1", when_told, "boom")
    tr.p(("unlink", tr.true(process.unlink, p1)))
    r1 = tr.watch(p1)
    process.send(p1, "go")
    tr.p(("p1_died_of", tr.reason_of(r1), "main_mailbox", tr.mailbox(0.1)))
    p2 = tr.proc("p2", link_to, me)
    process.receive(lambda m: m == "linked")
    tr.p(("linked", p2 in process.info(me)["links"]))
    process.unlink(p2)
    process.exit(p2, "kill")
    tr.gone(p2)
    tr.p(("main_alive_mailbox", tr.mailbox(0.1)))
    process.trap_exit(True)
    p3 = tr.proc_link("p3", process.exit, "bang")
    tr.gone(p3)
    tr.sleep(0.05)
    process.unlink(p3)
    tr.p(("left_in_mailbox", tr.mailbox(0.05)))
    clean = []
    for _ in range(40):
        p = process.spawn_link(process.exit, "quick")
        process.unlink(p)
        flush_exit(p)
        if (left := tr.mailbox(0.005)) not in clean:
            clean.append(left)
    tr.p(("unlink_and_flush_always_clean", clean))
    tr.p(("unlink_stranger", tr.true(process.unlink, process.whereis("tr"))))


def when_told(reason):
    process.receive(lambda m: m == "go")
    process.exit(reason)


def link_to(me):
    process.link(me)
    process.send(me, "linked")
    tr.park()


def flush_exit(p):
    try:
        process.receive(lambda m: isinstance(m, Exit) and m.pid == p, 0)
    except TimeoutError:
        return
