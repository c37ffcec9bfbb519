"""A start_link that fails leaves nothing in the mailbox of a caller that traps exits."""

from otp import gen_server, process
from otp.gen_server import GenServer, Ignore, NoReply, Reply, Stop
from tests.conformance.lib import tr


def main():
    process.trap_exit()
    for how in ("stop", "ignore", "raise", "exit", "garbage"):
        r = tr.ok(gen_server.start_link, Failing, how)
        tr.p((how, r, "exit_messages", [("EXIT", exit.reason) for exit in tr.mailbox(0.1)]))


class Failing(GenServer):
    def init(self, how):
        match how:
            case "stop":
                return Stop("why")
            case "ignore":
                return Ignore()
            case "raise":
                tr.error("cannot")
            case "exit":
                process.exit("quitting")
            case "garbage":
                return "garbage"

    def handle_call(self, request, caller, s):
        return Reply("ok", s)

    def handle_cast(self, _, s):
        return NoReply(s)
