"""gen_server.stop in all its forms."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    p1 = start("quick")
    tr.p(("stop", tr.ok(gen_server.stop, p1), "alive", tr.alive(p1)))
    p2 = start("quick")
    r2 = tr.watch(p2)
    tr.p(
        ("stop_reason", tr.ok(gen_server.stop, p2, "maintenance", 1.0), "died_of", tr.reason_of(r2))
    )
    tr.p(("stop_dead", tr.attempt(gen_server.stop, p1)))
    tr.p(("stop_unknown", tr.attempt(gen_server.stop, "nobody")))
    p3 = start("slow")
    r3 = tr.watch(p3)
    tr.p(("stop_slow", tr.attempt(gen_server.stop, p3, "normal", 0.1), "alive", tr.alive(p3)))
    tr.p(("slow_died_of", tr.reason_of(r3)))
    p4 = start("raises")
    tr.p(("stop_raises", tr.attempt(gen_server.stop, p4)))
    tr.p(("mailbox", tr.mailbox(0.1)))


def start(how):
    return gen_server.start(Stopping, how)


class Stopping(GenServer):
    def init(self, how):
        return Ok(how)

    def handle_call(self, request, caller, s):
        return Reply("ok", s)

    def handle_cast(self, _, s):
        return NoReply(s)

    def terminate(self, reason, how):
        match how:
            case "quick":
                tr.p(("terminate", reason))
            case "slow":
                tr.p(("terminate_begin", reason))
                tr.sleep(0.5)
                tr.p("terminate_end")
            case "raises":
                process.exit("changed_my_mind")
