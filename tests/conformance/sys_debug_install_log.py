"""The events of a server are logged, counted and given to hooks."""

from otp import gen_server, system
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    s = gen_server.start(Number, 0)
    tr.name(s, "server")
    tr.p(("log_on", tr.ok(system.log, s, 10)))
    tr.p(("statistics", tr.ok(system.statistics, s, True)))
    gen_server.cast(s, "incr")
    gen_server.call(s, "get")
    for event in system.log(s, "get"):
        tr.p(("event", simple(event)))
    stats = system.statistics(s, "get")
    tr.p(("in", stats["messages_in"], "out", stats["messages_out"]))
    tr.p(("install", tr.ok(system.install, s, hook, 0, id="my_hook")))
    for _ in range(5):
        gen_server.cast(s, "incr")
    tr.p(("install_bad", tr.ok(system.install, s, lambda *_: tr.error("oops"), 0, id="bad")))
    tr.p(("value", gen_server.call(s, "get")))
    tr.p(("no_debug", tr.ok(system.no_debug, s)))


def hook(n, event, _):
    match event:
        case ("in", _) if n < 2:
            tr.p(("hook", n))
            return n + 1
        case ("in", _):
            tr.p("hook_done")
            return "done"
    return n


def simple(event):
    match event:
        case ("in", ("$gen_call", _, m)):
            return ("in", "call", m)
        case ("in", ("$gen_cast", m)):
            return ("in", "cast", m)
        case ("out", r, _, state):
            return ("out", r, state)
        case ("noreply", state):
            return ("noreply", state)


class Number(GenServer):
    def init(self, n):
        return Ok(n)

    def handle_call(self, request, caller, s):
        match request:
            case "get":
                return Reply(s, s)

    def handle_cast(self, request, s):
        match request:
            case "incr":
                return NoReply(s + 1)
