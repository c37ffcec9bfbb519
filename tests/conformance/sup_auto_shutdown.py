"""Significant children: whose end ends the supervisor, and whose does not."""

from otp import process, supervisor
from otp.terms import Shutdown
from tests.conformance.lib import tr, wk


def main():
    process.trap_exit(True)
    tr.p("any_significant")
    s1 = start_link("any_significant")
    tr.name(s1, "sup1")
    wk.crash("s1", "boom")
    tr.wait(("init", "s1_2"))
    supervisor.terminate_child(s1, "s2")
    supervisor.restart_child(s1, "s2")
    wk.stop("s1", "normal")
    tr.p(process.receive())
    tr.p("all_significant")
    s2 = start_link("all_significant")
    tr.name(s2, "sup2")
    wk.stop("s1", "normal")
    tr.sleep(0.15)
    tr.p(("children", wk.children(s2)))
    wk.stop("s2", Shutdown("done"))
    tr.p(process.receive())


def start_link(how):
    sig = {"restart": "transient", "significant": True}
    children = [
        wk.spec("w", {"trap": True}),
        wk.spec("s1", {"trap": True}, **sig),
        wk.spec("s2", {"trap": True}, **sig),
    ]
    return supervisor.start_link(children, auto_shutdown=how, intensity=3, period=10)
