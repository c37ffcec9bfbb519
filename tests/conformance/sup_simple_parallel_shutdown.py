"""simple_one_for_one stops its children all at once, the others one after the other."""

from functools import partial

from otp import process, supervisor
from otp.supervisor import ChildSpec
from tests.conformance.lib import slowpoke, tr


def main():
    process.trap_exit(True)
    for how in ("simple", "static"):
        sup = start_link(how)
        if how == "simple":
            for n in range(1, 6):
                supervisor.start_child(sup, [n])
        ref = tr.watch(sup)

        def stop():
            process.exit(sup, "shutdown")
            return tr.reason_of(ref)

        s, r = tr.timed(stop)
        tr.p((how, r, "at_least_400", s >= 0.4, "under_1500", s < 1.5, "at_least_2000", s >= 2.0))


def start_link(how):
    if how == "simple":
        template = ChildSpec("w", slowpoke.start_link)
        return supervisor.start_link([template], strategy="simple_one_for_one")
    children = [ChildSpec(n, partial(slowpoke.start_link, n)) for n in range(1, 6)]
    return supervisor.start_link(children)
