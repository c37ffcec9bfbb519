"""A child belongs to the supervisor that started it, not to the client that asked for it."""

from otp import process, supervisor
from tests.conformance.lib import tr, wk


def main():
    sup = supervisor.start_link([])
    tr.name(sup, "sup")
    c = tr.proc("client", client, sup)
    tr.gone(c)
    tr.sleep(0.1)
    a = process.whereis("a")
    tr.p(("parent", process.info(a)["parent"]))
    tr.p(("links", process.info(a)["links"]))
    tr.p(("children", wk.children(sup)))
    tr.p(("answers", wk.ping("a")))


def client(sup):
    supervisor.start_child(sup, wk.spec("a"))
    process.exit("client_bug")
