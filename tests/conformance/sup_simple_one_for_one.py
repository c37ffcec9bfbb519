"""Children from one template, without ids: they are addressed by their pids."""

from otp import process, supervisor
from otp.supervisor import ChildSpec
from tests.conformance.lib import tr, wk


def main():
    sup = start_link()
    tr.p(("children", wk.children(sup)))
    a = supervisor.start_child(sup, ["a", {}])
    b = supervisor.start_child(sup, ["b", {}])
    tr.p(("children", sorted((i, tr.label(p)) for i, p in wk.children(sup))))
    tr.p(("counts", wk.counts(sup)))
    tr.p(("terminate_by_id", tr.ok(supervisor.terminate_child, sup, "a")))
    tr.p(("terminate_by_pid", tr.ok(supervisor.terminate_child, sup, a)))
    tr.p(("terminate_dead_pid", tr.ok(supervisor.terminate_child, sup, a)))
    tr.p(("terminate_stranger", tr.ok(supervisor.terminate_child, sup, process.self())))
    tr.p(("restart", tr.ok(supervisor.restart_child, sup, "b")))
    tr.p(("delete", tr.ok(supervisor.delete_child, sup, "b")))
    tr.p(("b_alive", tr.alive(b)))
    refuses = ["c", {"fail": {1: ("stop", "no")}}]
    tr.p(("init_refuses", tr.ok(supervisor.start_child, sup, refuses)))
    ignores = ["d", {"fail": {1: "ignore"}}]
    tr.p(("init_ignores", ("ok", supervisor.start_child(sup, ignores))))
    tr.p(("counts", wk.counts(sup)))


def start_link():
    template = ChildSpec("tmpl", start_worker, restart="temporary")
    return supervisor.start_link([template], strategy="simple_one_for_one")


def start_worker(id, extra):
    return wk.start_more({"anon": True}, id, **extra)
