"""What terminate raises replaces the reason of the end."""

from otp import gen_server, process
from otp.gen_server import GenServer, Ok, Reply, Stop
from tests.conformance.lib import tr


def main():
    for how in ("return", "raise", "exit", "throw"):
        p = gen_server.start(Ending, how)
        ref = tr.watch(p)
        gen_server.cast(p, "stop")
        tr.p(("terminate_does", how, "died_of", tr.reason_of(ref)))


class Ending(GenServer):
    def init(self, how):
        return Ok(how)

    def handle_call(self, request, caller, s):
        return Reply("ok", s)

    def handle_cast(self, request, s):
        match request:
            case "stop":
                return Stop("original", s)

    def terminate(self, reason, how):
        match reason, how:
            case "original", "return":
                return "whatever"
            case "original", "raise":
                tr.error("in_terminate")
            case "original", "exit":
                process.exit("in_terminate")
            case "original", "throw":  # what Erlang throws, Python returns
                return "in_terminate"
