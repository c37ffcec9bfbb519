"""Calls to servers that do not exist exit with noproc, at once."""

from otp import gen_server
from otp.gen_server import GenServer, NoReply, Ok, Reply
from otp.terms import Global
from tests.conformance.lib import tr


def main():
    p = gen_server.start(Shop, [], name="shop")
    tr.name(p, "dead_server")
    gen_server.stop(p)
    tr.p(("dead_pid", tr.attempt(gen_server.call, p, "hello")))
    tr.p(("dead_pid_timeout", tr.attempt(gen_server.call, p, "hello", 0.2)))
    tr.p(("dead_pid_infinity", tr.attempt(gen_server.call, p, "hello", None)))
    tr.p(("never_registered", tr.attempt(gen_server.call, "nobody", "hello")))
    tr.p(("was_registered", tr.attempt(gen_server.call, "shop", "hello")))
    tr.p(("name_node", tr.attempt(gen_server.call, ("nobody", tr.node()), "hello")))
    tr.p(("global_name", tr.attempt(gen_server.call, Global("nobody"), "hello")))
    tr.p(("mailbox", tr.mailbox(0.1)))


class Shop(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        return Reply("ok", s)

    def handle_cast(self, _, s):
        return NoReply(s)
