"""count_children: entries, live processes, and entries of each kind."""

from otp import supervisor
from otp.supervisor import ChildSpec
from tests.conformance.lib import tr, wk


def main():
    sup = start_link()
    tr.p(("counts", wk.counts(sup)))
    supervisor.terminate_child(sup, "b")
    tr.p(("counts", wk.counts(sup)))
    tr.p(("ids", [(child.id, child.kind) for child in supervisor.which_children(sup)]))


def sub():
    return supervisor.start_link([wk.spec("x")])


def start_link():
    workers = [wk.spec("a"), wk.spec("b"), wk.spec("c")]
    return supervisor.start_link([*workers, ChildSpec("inner", sub, kind="supervisor")])
