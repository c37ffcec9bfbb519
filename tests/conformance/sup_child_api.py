"""start, terminate, restart and delete a child, and all that is refused."""

from otp import supervisor
from tests.conformance.lib import tr, wk


def main():
    sup = supervisor.start_link([wk.spec("a")])
    p("start_again", supervisor.start_child, sup, wk.spec("a"))
    p("delete_running", supervisor.delete_child, sup, "a")
    p("restart_running", supervisor.restart_child, sup, "a")
    p("terminate", supervisor.terminate_child, sup, "a")
    tr.p(("children", wk.children(sup)))
    p("terminate_again", supervisor.terminate_child, sup, "a")
    p("start_present", supervisor.start_child, sup, wk.spec("a"))
    p("restart", supervisor.restart_child, sup, "a")
    p("terminate", supervisor.terminate_child, sup, "a")
    p("delete", supervisor.delete_child, sup, "a")
    tr.p(("children", wk.children(sup)))
    p("delete_unknown", supervisor.delete_child, sup, "a")
    p("restart_unknown", supervisor.restart_child, sup, "a")
    p("terminate_unknown", supervisor.terminate_child, sup, "a")
    p("start_new", supervisor.start_child, sup, wk.spec("b"))
    supervisor.start_child(sup, wk.spec("t", restart="temporary"))
    p("terminate_temporary", supervisor.terminate_child, sup, "t")
    p("restart_temporary", supervisor.restart_child, sup, "t")
    tr.p(("children", wk.children(sup)))


def p(tag, function, *args):
    tr.p((tag, tr.ok(function, *args)))
