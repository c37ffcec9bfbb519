"""The caller learns what the server died of, whatever it was."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply, Stop
from otp.terms import Shutdown
from tests.conformance.lib import tr

HOW = "exit_boom", "error_badthing", "killed", "stop_normal", "stop_shutdown", "stop_with_reply"


def main():
    for how in HOW:
        s = gen_server.start(Dying, [])
        tr.name(s, "server")
        tr.p((how, tr.attempt(gen_server.call, s, how)))
    tr.p(("mailbox", tr.mailbox(0.1)))


class Dying(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        match request:
            case "exit_boom":
                process.exit("boom")
            case "error_badthing":
                tr.error("badthing")
            case "killed":
                process.exit(process.self(), "kill")
                tr.sleep(5.0)
                return Reply("no", s)
            case "stop_normal":
                return Stop("normal", s)
            case "stop_shutdown":
                return Stop(Shutdown("done"), s)
            case "stop_with_reply":
                return Stop("normal", s, reply="last_words")

    def handle_cast(self, _, s):
        return NoReply(s)
