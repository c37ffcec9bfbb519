"""What start_link of a supervisor gives when there is nothing proper to start.

Differs: flags and children are arguments, not what an init returns: wrong ones are raised (badarg).
"""

from otp import process, supervisor
from otp.errors import Ignored
from tests.conformance.lib import tr, wk


def main():
    process.trap_exit(True)
    for how in ("ignore", "garbage", "raise"):
        r = result(start_link, how)
        tr.mailbox(0.05)
        tr.p((how, r))
    p = start_link("good", name="boss")
    tr.name(p, "boss_pid")
    tr.p(("second", result(start_link, "good", name="boss")))
    tr.p(("by_name", wk.children("boss")))
    tr.p(("no_such_supervisor", tr.attempt(supervisor.which_children, "nobody")))


def result(function, *args, **kwargs):
    match tr.attempt(tr.ok, function, *args, **kwargs):
        case ("returned", value):
            return value
        case raised:
            return raised


def start_link(how, name=None):
    match how:
        case "ignore":
            raise Ignored
        case "garbage":
            return supervisor.start_link("garbage", name=name)
        case "raise":
            tr.error("bug")
        case "good":
            return supervisor.start_link([wk.spec("a")], name=name)
