"""A child fails to start again with its group: the whole group is stopped and started anew."""

from otp import supervisor
from tests.conformance.lib import tr, wk


def main():
    sup = start_link()
    wk.crash("a", "boom")
    tr.wait(("init", "c_2"))
    tr.p(("children", wk.children(sup)))


def start_link():
    children = [
        wk.spec("a", {"trap": True}),
        wk.spec("b", {"trap": True, "fail": {2: ("stop", "not_yet")}}),
        wk.spec("c", {"trap": True}),
    ]
    return supervisor.start_link(children, strategy="one_for_all", intensity=5, period=10)
