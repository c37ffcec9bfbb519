"""A child refuses to start: those before it are stopped in reverse, those after it never tried."""

from otp import process, supervisor
from otp.supervisor import ChildSpec
from tests.conformance.lib import tr, wk


def main():
    process.trap_exit(True)
    tr.p(("start_link", tr.ok(start_link, "refuses")))
    tr.mailbox(0.1)
    tr.p(("start_link", tr.ok(start_link, "raises")))
    tr.mailbox(0.1)
    tr.p(("still_registered", [process.whereis(n) for n in ("a", "b", "c", "d")]))


def bad_start():
    tr.error("no_such_thing")


def start_link(how):
    if how == "refuses":
        rest = [wk.spec("c", {"fail": {1: ("stop", "bad_config")}}), wk.spec("d")]
    else:
        rest = [ChildSpec("c", bad_start)]
    return supervisor.start_link(
        [wk.spec("a", {"trap": True}), wk.spec("b", {"trap": True}), *rest]
    )
