"""Exit signals from a stranger, to a server that traps exits and one that does not."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    for trap in (False, True):
        for reason in ("normal", "shutdown", "boom", "kill"):
            p = gen_server.start(Server, trap)
            ref = tr.watch(p)
            tr.proc("stranger", lambda: process.exit(p, reason))
            if (trap and reason != "kill") or reason == "normal":
                tr.sleep(0.15)
                answer = gen_server.call(p, "hi")
                tr.p(("trap", trap, "signal", reason, "answers", answer))
            else:
                tr.p(("trap", trap, "signal", reason, "died_of", tr.reason_of(ref)))


class Server(GenServer):
    def init(self, trap):
        process.trap_exit(trap)
        return Ok(trap)

    def handle_call(self, request, caller, s):
        match request:
            case "hi":
                return Reply("still_here", s)

    def handle_cast(self, _, s):
        return NoReply(s)

    def handle_info(self, message, s):
        tr.p(("info", message))
        return NoReply(s)

    def terminate(self, reason, _):
        tr.p(("terminate", reason))
