"""A crash of the server is felt by who has linked to it, and by nobody else."""

from otp import gen_server, process
from otp.gen_server import GenServer, Ok, Reply
from tests.conformance.lib import tr


def main():
    for how in ("start", "start_link", "trapping_start_link"):

        def caller():
            process.trap_exit(how == "trapping_start_link")
            start = gen_server.start if how == "start" else gen_server.start_link
            s = start(Crashing, [])
            tr.name(s, "server")
            gen_server.cast(s, "crash")
            tr.p((how, "caller_alive_with_mailbox", tr.mailbox(0.3)))

        c = tr.proc("caller", caller)
        tr.p((how, "caller_died_of", tr.gone(c)))


class Crashing(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        return Reply("ok", s)

    def handle_cast(self, request, _):
        match request:
            case "crash":
                process.exit("crashed")
