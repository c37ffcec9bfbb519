"""Local names: register, whereis, unregister, and all that is refused."""

from otp import process
from tests.conformance.lib import tr


def main():
    p = tr.proc("p", process.receive)
    q = tr.proc("q", tr.park)
    t("free", process.whereis, "desk")
    t("register", register, "desk", p)
    t("whereis", process.whereis, "desk")
    t("name_taken", register, "desk", q)
    t("second_name", register, "desk2", p)
    t("name_undefined", register, "undefined", q)
    t("unregister_free", unregister, "nothing")
    t("listed", lambda: "desk" in process.registered())
    process.send(p, "go")
    tr.gone(p)
    tr.sleep(0.02)
    t("after_death", process.whereis, "desk")
    t("listed", lambda: "desk" in process.registered())
    t("dead_pid", register, "desk", p)
    t("reuse", register, "desk", q)
    t("unregister", unregister, "desk")
    t("owner_alive", lambda: (tr.alive(q), process.whereis("desk")))


def t(tag, function, *args):
    tr.p((tag, tr.attempt(function, *args)))


def register(name, pid):
    return tr.true(process.register, name, pid)


def unregister(name):
    return tr.true(process.unregister, name)
