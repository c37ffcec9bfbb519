"""terminate runs for every way in which a server ends by its own doing."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Stop
from otp.terms import Shutdown
from tests.conformance.lib import tr

WHAT = (
    "call_stop", "cast_stop", "info_stop", "stop_api", "cast_raise", "cast_exit",
    "cast_exit_normal", "cast_garbage",
)  # fmt: skip


def main():
    for what in WHAT:
        p = gen_server.start(Ending, [])
        ref = tr.watch(p)
        tr.p(("trigger", what))
        trigger(what, p)
        tr.p(("died_of", tr.reason_of(ref)))


def trigger(what, p):
    match what:
        case "call_stop":
            tr.p(gen_server.call(p, "go"))
        case "info_stop":
            process.send(p, "go")
        case "stop_api":
            tr.p(tr.ok(gen_server.stop, p, "planned", 2.0))
        case _:
            gen_server.cast(p, what)


class Ending(GenServer):
    def init(self, _):
        return Ok("state0")

    def handle_call(self, request, caller, s):
        match request:
            case "go":
                return Stop("call_reason", s, reply="reply")

    def handle_cast(self, request, s):
        match request:
            case "cast_stop":
                return Stop(Shutdown("cast_reason"), s)
            case "cast_raise":
                tr.error("oops")
            case "cast_exit":
                process.exit("left")
            case "cast_exit_normal":
                process.exit("normal")
            case "cast_garbage":
                return "nonsense"
        return NoReply(s)

    def handle_info(self, message, s):
        match message:
            case "go":
                return Stop("info_reason", s)

    def terminate(self, reason, state):
        tr.p(("terminate", reason, state))
