"""Only the child that ended is replaced, whether it crashed or was killed."""

from otp import process, supervisor
from tests.conformance.lib import tr, wk


def main():
    sup = start_link()
    tr.p(("children", wk.children(sup)))
    r = wk.crash("b", "boom")
    tr.wait(("init", "b_2"))
    tr.p(("b_died_of", r))
    tr.p(("children", wk.children(sup)))
    process.exit(process.whereis("a"), "kill")
    tr.wait(("init", "a_2"))
    tr.p(("children", wk.children(sup)))
    tr.p(("answers", [wk.ping(n) for n in ("a", "b", "c")]))


def start_link():
    children = [wk.spec("a"), wk.spec("b"), wk.spec("c")]
    return supervisor.start_link(children, strategy="one_for_one", intensity=5, period=10)
