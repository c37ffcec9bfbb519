"""The state of a server is read and changed from outside."""

from otp import gen_server, system
from otp.gen_server import GenServer, NoReply, Ok, Reply
from otp.system import SystemError
from tests.conformance.lib import tr
from tests.conformance.lib.term import reason


def main():
    s = gen_server.start(Number, 1)
    tr.name(s, "server")
    tr.p(("get_state", system.get_state(s)))
    tr.p(("replace_state", system.replace_state(s, lambda n: n + 41)))
    tr.p(("seen_by_server", gen_server.call(s, "get")))
    try:
        system.replace_state(s, lambda _: tr.error("bad_fun"))
    except SystemError as raised:
        failed, crash = raised.reason
        assert failed == "callback_failed"
    tr.p(("failing_replace", reason(crash.exception), "state", system.get_state(s)))
    gen_server.stop(s)
    tr.p(("dead", tr.attempt(system.get_state, s)))


class Number(GenServer):
    def init(self, n):
        return Ok(n)

    def handle_call(self, request, caller, s):
        match request:
            case "get":
                return Reply(s, s)

    def handle_cast(self, _, s):
        return NoReply(s)
