"""What start gives for every way in which init can end."""

from otp import gen_server, process
from otp.gen_server import GenServer, Ignore, NoReply, Ok, Reply, Stop
from tests.conformance.lib import tr

HOW = (
    "ok", "stop", "stop_normal", "ignore", "garbage", "raise", "exit", "exit_normal", "throw_ok",
    "throw_garbage", "error_tuple",
)  # fmt: skip


def main():
    for how in HOW:
        tr.p((how, start(how)))
    tr.p(("mailbox", tr.mailbox(0.1)))


def start(how):
    match tr.attempt(tr.ok, gen_server.start, Starting, how):
        case ("returned", ("ok", p)):
            return ("returned", ("ok", "a_pid"), "state", gen_server.call(p, "state"))
        case other:
            return other


class Starting(GenServer):
    def init(self, how):
        match how:
            case "ok":
                return Ok("fresh")
            case "stop":
                return Stop("why")
            case "stop_normal":
                return Stop("normal")
            case "ignore":
                return Ignore()
            case "garbage" | "throw_garbage":  # what Erlang throws, Python returns
                return "garbage"
            case "raise":
                tr.error("cannot")
            case "exit":
                process.exit("quitting")
            case "exit_normal":
                process.exit("normal")
            case "throw_ok":
                return Ok("thrown")
            case "error_tuple":
                return ("error", "polite")

    def handle_call(self, request, caller, s):
        match request:
            case "state":
                return Reply(s, s)

    def handle_cast(self, _, s):
        return NoReply(s)
