"""While a supervisor starts a child it serves nobody else."""

from functools import partial

from otp import supervisor
from otp.supervisor import ChildSpec
from tests.conformance.lib import tr, wk


def main():
    sup = supervisor.start_link([wk.spec("a")])
    c = tr.proc("client", client, sup)
    tr.wait(("starting", "s"))
    tr.sleep(0.1)
    tr.p(("asking", tr.alive(c)))
    kids = wk.children(sup)
    tr.gone(c)
    tr.p(("children", kids))


def client(sup):
    supervisor.start_child(sup, ChildSpec("s", partial(slow, "s")))
    tr.p("client_done")


def slow(id):
    tr.p(("starting", id))
    tr.sleep(0.5)
    return wk.start_link(id)
