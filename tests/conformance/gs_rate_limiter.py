"""A rate limiter: at most 3 requests per window of 1 s."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    limiter = gen_server.start_link(Limiter, 3)
    tr.p(("window1", [ask(limiter) for _ in range(5)]))
    tr.sleep(1.4)
    tr.p(("window2", "main", [ask(limiter), ask(limiter)]))
    tr.gone(tr.proc("client2", lambda: tr.p(("window2", "client2", [ask(limiter), ask(limiter)]))))
    tr.sleep(1.1)
    tr.p(("window3", "main", [ask(limiter)]))
    tr.p(("stats", gen_server.call(limiter, "stats")))


def ask(limiter):
    return gen_server.call(limiter, "check")


def arm():
    process.send_after(1.0, process.self(), "reset")


class Limiter(GenServer):
    def init(self, most):
        arm()
        return Ok({"max": most, "used": 0, "resets": 0})

    def handle_call(self, request, caller, s):
        match request:
            case "check" if s["used"] < s["max"]:
                return Reply("allow", {**s, "used": s["used"] + 1})
            case "check":
                return Reply("deny", s)
            case "stats":
                return Reply(s, s)

    def handle_cast(self, _, s):
        return NoReply(s)

    def handle_info(self, message, s):
        match message:
            case "reset":
                arm()
                return NoReply({**s, "used": 0, "resets": s["resets"] + 1})
