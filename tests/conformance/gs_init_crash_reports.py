"""Which failures of init are logged."""

from otp import gen_server
from otp.gen_server import GenServer, Ignore, NoReply, Reply, Stop
from otp.terms import Shutdown
from tests.conformance.lib import tr

HOW = (
    Ignore(), ("stop", "normal"), ("stop", "shutdown"), ("stop", Shutdown("x")), ("stop", "odd"),
    "raise",
)  # fmt: skip


def main():
    tr.log_on("error")
    for how in HOW:
        r = tr.ok(gen_server.start, Failing, how)
        tr.sleep(0.15)
        tr.p((how, r))
    tr.log_off()


class Failing(GenServer):
    def init(self, how):
        match how:
            case "raise":
                tr.error("bug")
            case ("stop", reason):
                tr.p(("init", how))
                return Stop(reason)
            case _:
                tr.p(("init", how))
                return how

    def handle_call(self, request, caller, s):
        return Reply("ok", s)

    def handle_cast(self, _, s):
        return NoReply(s)
