"""A second server under a name in use is refused before its init runs."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    p = gen_server.start(Till, "one", name="till")
    tr.name(p, "first")
    tr.p(("start", tr.ok(gen_server.start, Till, "two", name="till")))
    tr.p(("start_link", tr.ok(gen_server.start_link, Till, "three", name="till")))
    tr.p(("start_monitor", tr.ok(gen_server.start_monitor, Till, "four", name="till")))
    tr.p(("caller_linked_to_first", p in process.info(process.self())["links"]))
    tr.p(("state", gen_server.call("till", "state")))
    tr.p(("mailbox", tr.mailbox(0.1)))


class Till(GenServer):
    def init(self, s):
        tr.p(("init_ran", s))
        return Ok(s)

    def handle_call(self, request, caller, s):
        match request:
            case "state":
                return Reply(s, s)

    def handle_cast(self, _, s):
        return NoReply(s)
