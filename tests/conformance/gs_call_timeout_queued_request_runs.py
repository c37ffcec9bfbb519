"""Giving up on a call does not withdraw the request."""

from otp import gen_server
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    s = gen_server.start_link(Busy, [])
    tr.name(s, "server")
    gen_server.cast(s, "busy")
    tr.p(("give_up", tr.attempt(gen_server.call, s, ("add", 5), 0.1)))
    tr.p(("value_afterwards", gen_server.call(s, "value")))
    tr.p(("mailbox", tr.mailbox(0.2)))


class Busy(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        match request:
            case ("add", n):
                tr.p(("added", n))
                return Reply(s + n, s + n)
            case "value":
                return Reply(s, s)

    def handle_cast(self, request, s):
        match request:
            case "busy":
                tr.sleep(0.5)
                tr.p("no_longer_busy")
                return NoReply(s)
