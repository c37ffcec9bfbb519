"""Each restart type with each way of ending: is it restarted, does its entry stay?"""

from otp import process, supervisor
from otp.terms import Shutdown
from tests.conformance.lib import tr, wk


def main():
    for restart in ("permanent", "transient", "temporary"):
        for reason in ("normal", "shutdown", Shutdown("x"), "boom", "kill"):
            sup = start_link(restart)
            if reason == "kill":
                process.exit(process.whereis("w"), "kill")
            else:
                wk.stop("w", reason)
            tr.sleep(0.2)
            tr.p((restart, reason, wk.children(sup)))
            process.unlink(sup)
            process.exit(sup, "shutdown")
            tr.gone(sup)  # stopped in order, by its parent


def start_link(restart):
    return supervisor.start_link([wk.spec("w", restart=restart)], intensity=5, period=10)
