"""Those that were started after the one that crashed are stopped and started again with it."""

from otp import supervisor
from tests.conformance.lib import tr, wk


def main():
    sup = start_link()
    for who, last in (("b", "d_2"), ("d", "d_3"), ("a", "d_4")):
        tr.p(("crash", who))
        wk.crash(who, "boom")
        tr.wait(("init", last))
        tr.p(("children", wk.children(sup)))


def start_link():
    children = [wk.spec(i, {"trap": True}) for i in ("a", "b", "c", "d")]
    return supervisor.start_link(children, strategy="rest_for_one", intensity=5, period=10)
