"""A thrown value is a returned one.

Differs: Python has no throw; what Erlang's handlers throw, these return.
"""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    p = gen_server.start(Throwing, 0)
    tr.name(p, "server")
    tr.p(("call", gen_server.call(p, ("throw", Reply("thrown_reply", 1)))))
    gen_server.cast(p, ("throw", NoReply(2)))
    tr.p(("state", gen_server.call(p, "state")))
    process.send(p, ("throw", NoReply(3)))
    tr.p(("state", gen_server.call(p, "state")))
    tr.p(("garbage", tr.attempt(gen_server.call, p, ("throw", "my_error"))))


class Throwing(GenServer):
    def init(self, s):
        return Ok(s)

    def handle_call(self, request, caller, s):
        match request:
            case ("throw", v):
                return v
            case "state":
                return Reply(s, s)

    def handle_cast(self, request, _):
        match request:
            case ("throw", v):
                return v

    def handle_info(self, message, _):
        match message:
            case ("throw", v):
                return v
