"""A server that calls itself exits at once instead of waiting for ever."""

from otp import gen_server
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    s = gen_server.start_link(Narcissus, [], name="narcissus")
    tr.name(s, "server")
    tr.p(("by_pid", gen_server.call(s, ("call", s))))
    tr.p(("by_name", gen_server.call(s, ("call", "narcissus"))))
    tr.p(("alive", tr.alive(s)))


class Narcissus(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        match request:
            case ("call", me):
                return Reply(tr.attempt(gen_server.call, me, "ping"), s)

    def handle_cast(self, _, s):
        return NoReply(s)
