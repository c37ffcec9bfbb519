"""A start that takes too long is given up, and the process killed."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    process.trap_exit()
    me = process.self()
    tr.p(("start", tr.ok(gen_server.start, Slow, me, name="slowpoke", timeout=0.1)))
    _, p1 = process.receive(init_in)
    ref1 = tr.watch(p1)
    tr.p(("died_of", dead(tr.reason_of(ref1)), "name", process.whereis("slowpoke")))
    tr.p(("start_link", tr.ok(gen_server.start_link, Slow, me, name="slowpoke", timeout=0.1)))
    _, p2 = process.receive(init_in)
    ref2 = tr.watch(p2)
    tr.p(("died_of", dead(tr.reason_of(ref2)), "name", process.whereis("slowpoke")))
    tr.p(("mailbox", tr.mailbox(0.2)))


def init_in(message):
    return isinstance(message, tuple) and message[0] == "init_in"


def dead(reason):
    match reason:
        case "killed":  # watched just before it died
            return "dead"
        case "noproc":  # or just after
            return "dead"


class Slow(GenServer):
    def init(self, starter):
        process.send(starter, ("init_in", process.self()))
        tr.sleep(10.0)
        return Ok(0)

    def handle_call(self, request, caller, s):
        return Reply("ok", s)

    def handle_cast(self, _, s):
        return NoReply(s)
