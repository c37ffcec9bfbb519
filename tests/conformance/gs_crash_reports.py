"""Which ends of a server are logged, and how."""

from otp import gen_server, process
from otp.gen_server import GenServer, Ok, Reply, Stop
from otp.terms import Shutdown
from tests.conformance.lib import tr

WHAT = (
    ("stop", "normal"), ("stop", "shutdown"), ("stop", Shutdown("x")), ("stop", "odd"),
    ("exit", "gone"), ("raise", "bug"), "kill",
)  # fmt: skip


def main():
    tr.log_on("error")
    for what in WHAT:
        s = gen_server.start(Ending, [])
        tr.name(s, "server")
        ref = tr.watch(s)
        tr.p(("now", what))
        if what == "kill":
            process.exit(s, "kill")
        else:
            gen_server.cast(s, what)
        tr.p(("died_of", tr.reason_of(ref)))
    tr.log_off()


class Ending(GenServer):
    def init(self, _):
        return Ok("my_state")

    def handle_call(self, request, caller, s):
        return Reply("ok", s)

    def handle_cast(self, request, s):
        match request:
            case ("stop", reason):
                return Stop(reason, s)
            case ("exit", reason):
                process.exit(reason)
            case ("raise", reason):
                tr.error(reason)
