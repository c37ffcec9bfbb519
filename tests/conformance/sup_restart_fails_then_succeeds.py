"""A restart that fails is tried again at once."""

from otp import supervisor
from tests.conformance.lib import tr, wk


def main():
    sup = start_link()
    wk.crash("w", "boom")
    tr.wait(("init", "w_4"))
    tr.p(("children", wk.children(sup)))
    tr.p(("answers", wk.ping("w")))


def start_link():
    fail = {2: ("stop", "not_yet"), 3: ("error", "not_yet")}
    children = [wk.spec("s"), wk.spec("w", {"fail": fail})]
    return supervisor.start_link(children, intensity=10, period=10)
