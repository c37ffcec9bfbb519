"""One restart within 5 s is allowed by default; with intensity 0 there is none."""

from otp import process, supervisor
from tests.conformance.lib import tr, wk


def main():
    process.trap_exit(True)
    s1 = start_link()
    tr.name(s1, "sup1")
    wk.crash("w", "first")
    tr.wait(("init", "w_2"))
    wk.crash("w", "second")
    tr.p(process.receive())
    s2 = start_link(intensity=0)
    tr.name(s2, "sup2")
    wk.crash("w", "first")
    tr.p(process.receive())


def start_link(**flags):
    return supervisor.start_link([wk.spec("w")], **flags)
