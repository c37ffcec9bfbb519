"""How terminate_child stops a child, by its shutdown value."""

from otp import process, supervisor
from tests.conformance.lib import tr, wk


def main():
    sup = start_link()
    for id in ("polite", "too_slow", "brutal", "patient", "deaf"):
        pid = process.whereis(id)
        ref = tr.watch(pid)
        r = tr.ok(supervisor.terminate_child, sup, id)
        tr.p((id, r, "alive", tr.alive(pid), "died_of", tr.reason_of(ref)))


def start_link():
    return supervisor.start_link(
        [
            wk.spec("polite", {"trap": True}, shutdown=2.0),
            wk.spec("too_slow", {"trap": True, "slow": 3.0}, shutdown=0.2),
            wk.spec("brutal", {"trap": True}, shutdown="brutal_kill"),
            wk.spec("patient", {"trap": True, "slow": 0.4}, shutdown="infinity"),
            wk.spec("deaf", {}, shutdown=2.0),
        ]
    )
