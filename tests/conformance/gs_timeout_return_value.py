"""The idle timeout comes once, and any message cancels it."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from otp.terms import Timeout
from tests.conformance.lib import tr


def main():
    s = gen_server.start_link(Idle, [])
    tr.wait(("info", "timeout", "init"))
    tr.p(("call_with_timeout", gen_server.call(s, ("state", "cancelled", 0.15))))
    process.send(s, "poke")
    tr.sleep(0.4)
    tr.p(("no_timeout_came", gen_server.call(s, "get")))
    gen_server.cast(s, ("state", "once", 0.15))
    tr.sleep(0.6)
    tr.p(("final", gen_server.call(s, "get")))


class Idle(GenServer):
    def init(self, _):
        return Ok("init", timeout=0.15)

    def handle_call(self, request, caller, s):
        match request:
            case ("state", n, t):
                return Reply("ok", n, timeout=t)
            case "get":
                return Reply(s, s)

    def handle_cast(self, request, _):
        match request:
            case ("state", n, t):
                return NoReply(n, timeout=t)

    def handle_info(self, message, s):
        match message:
            case Timeout():
                tr.p(("info", "timeout", s))
                return NoReply(("timed_out", s))
            case "poke":
                tr.p(("info", "poke", s))
                return NoReply(s)
