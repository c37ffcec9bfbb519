"""A request that no clause is made for crashes the server with function_clause."""

from otp import gen_server, process
from otp.errors import FunctionClause
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    for kind in ("call", "cast", "info"):
        s = gen_server.start(Server, [])
        tr.name(s, "server")
        ref = tr.watch(s)
        match kind:
            case "call":
                tr.p(("call", tr.attempt(gen_server.call, s, "unknown")))
            case "cast":
                gen_server.cast(s, "unknown")
            case "info":
                process.send(s, "unknown")
        tr.p((kind, "died_of", tr.reason_of(ref)))


class Server(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        match request:
            case "known":
                return Reply("ok", s)
        return super().handle_call(request, caller, s)

    def handle_cast(self, request, s):
        match request:
            case "known":
                return NoReply(s)
        return super().handle_cast(request, s)

    def handle_info(self, message, s):
        match message:
            case "known":
                return NoReply(s)
        raise FunctionClause(message)  # super().handle_info would log and drop it

    def terminate(self, reason, _):
        tr.p(("terminate", reason))
