"""The reply may come from another process, and the server is free meanwhile."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    s = gen_server.start_link(Delegating, [])

    def client1():
        r = gen_server.call(s, "slow")
        tr.wait(("reply_returns", "ok"))
        tr.p(("client1_got", r))

    c1 = tr.proc("client1", client1)
    tr.wait("slow_delegated")
    tr.p(("client2_got", gen_server.call(s, "quick")))
    tr.gone(c1)


class Delegating(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        match request:
            case "slow":
                tr.p("slow_delegated")
                process.spawn(helper, caller)
                return NoReply(s)
            case "quick":
                return Reply("quick_answer", s)

    def handle_cast(self, _, s):
        return NoReply(s)


def helper(caller):
    tr.sleep(0.2)
    tr.p(("reply_returns", tr.ok(gen_server.reply, caller, "from_helper")))
