"""One crashes: the others are stopped in reverse order, then all are started in order."""

from otp import supervisor
from tests.conformance.lib import tr, wk


def main():
    sup = start_link()
    tr.p("crash_b")
    wk.crash("b", "boom")
    tr.wait(("init", "d_2"))
    tr.p(("children", wk.children(sup)))


def start_link():
    children = [wk.spec(i, {"trap": True}) for i in ("a", "b", "c", "d")]
    return supervisor.start_link(children, strategy="one_for_all", intensity=5, period=10)
