"""Calls and casts to the servers with one name, on all nodes of a list."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    here = [tr.node()]
    gen_server.start(Multi, [], name="multi")
    tr.p(("ok", gen_server.multi_call("multi", ("sleep", 0.0), nodes=here)))
    tr.p(("default_nodes", gen_server.multi_call("multi", ("sleep", 0.0))))
    tr.p(("no_server", gen_server.multi_call("nobody", "hi", nodes=here)))
    tr.p(("too_slow", gen_server.multi_call("multi", ("sleep", 0.4), 0.1, nodes=here)))
    tr.p(("abcast", abcast("multi", "note", nodes=here)))
    tr.p(("abcast_nobody", abcast("nobody", "note", nodes=here)))
    tr.p(("noted", gen_server.call("multi", "notes")))
    tr.p(("dies", gen_server.multi_call("multi", "die", nodes=here)))
    tr.p(("mailbox", tr.mailbox(0.3)))


def abcast(name, request, nodes):
    gen_server.abcast(name, request, nodes=nodes)
    return "abcast"  # which Erlang returns always, and Python never: it returns nothing


class Multi(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, n):
        match request:
            case ("sleep", seconds):
                tr.sleep(seconds)
                return Reply("awake", n)
            case "notes":
                return Reply(n, n)
            case "die":
                process.exit("died")

    def handle_cast(self, request, n):
        match request:
            case "note":
                return NoReply(n + 1)
