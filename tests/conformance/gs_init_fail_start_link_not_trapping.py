"""A start_link that fails kills a caller that does not trap exits, unless with reason normal."""

from otp import gen_server
from otp.gen_server import GenServer, Ignore, NoReply, Reply, Stop
from tests.conformance.lib import tr


def main():
    for how in (("stop", "why"), ("stop", "normal"), "ignore"):

        def caller():
            r = tr.ok(gen_server.start_link, Refusing, how)
            tr.sleep(0.2)
            tr.p((how, "caller_survived_with", r))

        c = tr.proc("caller", caller)
        tr.p((how, "caller_exit_reason", tr.gone(c)))


class Refusing(GenServer):
    def init(self, how):
        match how:
            case ("stop", reason):
                return Stop(reason)
            case "ignore":
                return Ignore()

    def handle_call(self, request, caller, s):
        return Reply("ok", s)

    def handle_cast(self, _, s):
        return NoReply(s)
