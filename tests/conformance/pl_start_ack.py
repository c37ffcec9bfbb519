"""A plain function is started, and acknowledges."""

from otp import proc_lib, process
from tests.conformance.lib import tr


def main():
    process.trap_exit()
    tr.log_on("error")
    _, p, _ = proc_lib.start_link(good, process.self())
    tr.name(p, "proc")
    tr.p(("started", "linked", p in process.info(process.self())["links"]))
    module, function, arity = process.info(p)["initial_call"]
    tr.p(("initial_call", (module.rpartition(".")[2], function, arity)))
    process.send(p, "stop")
    tr.p(("mailbox", tr.mailbox(0.1)))
    tr.p(("dies", tr.ok(proc_lib.start_link, dies)))
    tr.p(("timeout", tr.ok(proc_lib.start_link, silent, timeout=0.1)))
    tr.p(("mailbox", tr.mailbox(0.1)))
    q, ref = proc_lib.spawn_monitor(lambda: tr.error("late_crash"))
    tr.name(q, "q")
    tr.p(("q_died_of", tr.reason_of(ref)))
    tr.log_off()


def good(starter):
    tr.p(("my_first_ancestor_is_my_starter", proc_lib.ancestors()[0] == starter))
    proc_lib.init_ack(("ok", process.self(), "extra"))
    process.receive(lambda m: m == "stop")


def dies():
    process.exit("no_ack")


def silent():
    tr.park()
