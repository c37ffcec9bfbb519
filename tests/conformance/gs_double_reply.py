"""A second reply to the same request is dropped.

Differs: always, also with timeout None; Erlang leaves it in the mailbox of a caller with infinity.
"""

from otp import gen_server
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    s = gen_server.start_link(Twice, [])
    tr.p(("finite", gen_server.call(s, "twice")))
    tr.p(("next_call", gen_server.call(s, "once")))
    tr.p(("mailbox", tr.mailbox(0.3)))
    tr.p(("infinite", gen_server.call(s, "twice", None)))
    tr.p(("next_call", gen_server.call(s, "once")))
    tr.p(("mailbox_length", len(tr.mailbox(0.3))))


class Twice(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        match request:
            case "twice":
                gen_server.reply(caller, "first")
                tr.sleep(0.2)
                return Reply("second", s)
            case "once":
                return Reply("once", s)

    def handle_cast(self, _, s):
        return NoReply(s)
