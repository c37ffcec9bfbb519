"""A reply that comes after the caller gave up is dropped."""

from otp import gen_server
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    s = gen_server.start_link(Slow, [])
    tr.name(s, "server")
    tr.p(("first", tr.attempt(gen_server.call, s, ("slow", 1), 0.1)))
    tr.wait(("finished", 1))
    tr.p(("mailbox", tr.mailbox(0.3)))
    tr.p(("second", tr.attempt(gen_server.call, s, ("slow", 2), 3.0)))
    tr.p(("server_alive", tr.alive(s)))


class Slow(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        match request:
            case ("slow", n):
                tr.sleep(0.4)
                tr.p(("finished", n))
                return Reply(("answer", n), s + 1)

    def handle_cast(self, _, s):
        return NoReply(s)
