"""A child that is stopped on purpose is not restarted, and that counts for nothing."""

from otp import supervisor
from tests.conformance.lib import tr, wk


def main():
    sup = start_link()
    for _ in range(3):
        supervisor.terminate_child(sup, "b")
        tr.sleep(0.1)
        tr.p(("children", wk.children(sup)))
        supervisor.restart_child(sup, "b")
    tr.p(("children", wk.children(sup)))


def start_link():
    children = [wk.spec("a"), wk.spec("b")]
    return supervisor.start_link(children, strategy="one_for_all", intensity=1, period=10)
