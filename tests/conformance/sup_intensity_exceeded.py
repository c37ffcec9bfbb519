"""One crash too many: the supervisor stops its other children, and itself with "shutdown"."""

from otp import process, supervisor
from tests.conformance.lib import tr, wk


def main():
    process.trap_exit(True)
    sup = start_link()
    tr.name(sup, "sup")
    wk.crash("b", "one")
    tr.wait(("init", "b_2"))
    wk.crash("b", "two")
    tr.wait(("init", "b_3"))
    wk.crash("b", "three")
    tr.p(("parent_got", process.receive()))
    tr.p(("registered", [process.whereis(n) for n in ("a", "b", "c")]))


def start_link():
    children = [wk.spec(i, {"trap": True}) for i in ("a", "b", "c")]
    return supervisor.start_link(children, strategy="one_for_one", intensity=2, period=10)
