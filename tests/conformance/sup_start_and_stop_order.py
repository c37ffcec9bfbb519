"""Children are started one after the other, and stopped one after the other in reverse."""

from otp import process, supervisor
from otp.supervisor import ChildSpec
from tests.conformance.lib import tr, wk


def main():
    process.trap_exit(True)
    sup = start_link()
    tr.name(sup, "sup")
    tr.p("started")
    process.exit(sup, "shutdown")
    tr.p(("mailbox", process.receive()))


def slow_start():
    tr.sleep(0.2)
    tr.p("slow_start_begin_done")
    return wk.start_link("b", trap=True, slow=0.2)


def start_link():
    return supervisor.start_link(
        [
            wk.spec("a", {"trap": True}),
            ChildSpec("b", slow_start),
            wk.spec("c", {"trap": True}),
        ]
    )
