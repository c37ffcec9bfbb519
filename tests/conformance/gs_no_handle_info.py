"""A message that a server without handle_info gets is logged and dropped."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    tr.log_on("warning")
    s = gen_server.start_link(Server, [])
    process.send(s, ("stray", 1))
    process.send(s, "stray2")
    tr.p(("state", gen_server.call(s, "state")))
    tr.log_off()


class Server(GenServer):
    def init(self, _):
        return Ok("intact")

    def handle_call(self, request, caller, s):
        match request:
            case "state":
                return Reply(s, s)

    def handle_cast(self, _, s):
        return NoReply(s)
