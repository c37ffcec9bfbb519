"""Restarts that are older than the period count no more."""

from otp import process, supervisor
from tests.conformance.lib import tr, wk


def main():
    process.trap_exit(True)
    sup = supervisor.start_link([wk.spec("w")], intensity=1, period=1)
    tr.name(sup, "sup")
    wk.crash("w", "one")
    tr.wait(("init", "w_2"))
    tr.sleep(2.2)
    wk.crash("w", "two")
    tr.wait(("init", "w_3"))
    tr.sleep(2.2)
    wk.crash("w", "three")
    tr.wait(("init", "w_4"))
    tr.p("no_pause_now")
    wk.crash("w", "four")
    tr.p(("parent_got", process.receive()))
