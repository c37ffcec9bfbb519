"""Process aliases: addresses that are switched off by unalias, a reply, or the end of a monitor."""

from otp import process
from tests.conformance.lib import tr


def main():
    a = process.alias()
    process.send(a, "one")
    tr.p(("explicit", tr.mailbox(0.05)))
    tr.p(("unalias", process.unalias(a)))
    process.send(a, "two")
    tr.p(("after_unalias", tr.mailbox(0.05)))
    tr.p(("unalias_again", process.unalias(a)))
    p = tr.proc("p", replies_twice)
    r = process.monitor(p, alias="reply_demonitor")
    process.send(p, (r, "die"))
    tr.p(("reply_demonitor", tr.mailbox(0.1)))
    process.send(p, "die")
    tr.gone(p)
    tr.p(("no_down", tr.mailbox(0.1)))
    q = tr.proc("q", tr.park)
    r2 = process.monitor(q, alias="demonitor")
    process.send(r2, "three")
    tr.p(("active", tr.mailbox(0.05)))
    process.demonitor(r2, flush=True)
    process.send(r2, "four")
    tr.p(("after_demonitor", tr.mailbox(0.05)))


def replies_twice():
    caller, go = process.receive()
    process.send(caller, "first")
    process.send(caller, "second")
    process.receive(lambda m: m == go)
    process.exit("bye")
