"""What a supervisor logs, and when."""

from otp import process, supervisor
from otp.terms import Exit
from tests.conformance.lib import tr, wk


def main():
    process.trap_exit(True)
    tr.log_on("info")
    sup = start_link()
    tr.name(sup, "sup")
    wk.crash("a", "boom")
    tr.wait(("log", "info", ("progress", "a")))
    tr.wait(("init", "a_2"))
    tr.sleep(0.1)
    tr.p("next")
    wk.stop("a", "normal")
    tr.wait(("init", "a_3"))
    tr.sleep(0.1)
    tr.p("next")
    wk.stop("t", "normal")
    tr.sleep(0.1)
    tr.p("transient_normal_is_silent")
    wk.stop("a", "bang")
    died = process.receive(lambda m: isinstance(m, Exit) and m.pid == sup)
    tr.p(("sup_died_of", died.reason))
    tr.log_off()


def start_link():
    children = [
        wk.spec("a"),
        wk.spec("t", restart="transient"),
        wk.spec("stubborn", {"trap": True, "slow": 0.5}, shutdown=0.1),
    ]
    return supervisor.start_link(children, intensity=2, period=10)
