"""A cast never fails and never waits; what one client sends is handled in order."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from otp.terms import Global
from tests.conformance.lib import tr


def main():
    dead = gen_server.start(Logbook, [])
    gen_server.stop(dead)
    tr.p(("dead_pid", tr.ok(gen_server.cast, dead, "x")))
    tr.p(("unknown_name", tr.ok(gen_server.cast, "nobody", "x")))
    tr.p(("unknown_global", tr.ok(gen_server.cast, Global("nobody"), "x")))
    s = gen_server.start_link(Logbook, [])
    gen_server.cast(s, ("work", 0.2))
    tr.p("cast_returned_while_busy")
    gen_server.cast(s, ("log", 1))
    process.send(s, ("log", 2))
    gen_server.cast(s, ("log", 3))
    tr.p(("log", gen_server.call(s, "log")))


class Logbook(GenServer):
    def init(self, _):
        return Ok([])

    def handle_call(self, request, caller, log):
        match request:
            case "log":
                return Reply(log, log)

    def handle_cast(self, request, log):
        match request:
            case ("work", seconds):
                tr.sleep(seconds)
                tr.p("work_done")
                return NoReply(log)
            case ("log", n):
                return NoReply([*log, ("cast", n)])

    def handle_info(self, message, log):
        match message:
            case ("log", n):
                return NoReply([*log, ("info", n)])
