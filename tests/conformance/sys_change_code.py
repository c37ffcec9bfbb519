"""A suspended server goes on with new code; what fails changes nothing."""

from otp import gen_server, system
from otp.gen_server import GenServer, NoReply, Ok, Reply
from otp.system import SystemError
from tests.conformance.lib import tr
from tests.conformance.lib.term import reason


def main():
    s = gen_server.start(Server, [])
    _, what = refusal(s, 1, "x")
    tr.p(("not_suspended", what[0]))
    system.suspend(s)
    changed = tr.ok(system.change_code, s, Server, 1, ("add", "b"))
    tr.p(("ok", changed, system.get_state(s)))
    refused = tr.ok(system.change_code, s, Server, ("down", 2), "refuse")
    tr.p(("refused", refused, system.get_state(s)))
    _, crash = refusal(s, None, "crash")
    tr.p(("raised", reason(crash.exception), system.get_state(s)))
    system.resume(s)
    tr.p(("after_resume", gen_server.call(s, "get")))


def refusal(s, old_version, extra):
    try:
        system.change_code(s, Server, old_version, extra)
    except SystemError as raised:
        return raised.reason


class Server(GenServer):
    def init(self, _):
        return Ok(["a"])

    def handle_call(self, request, caller, s):
        match request:
            case "get":
                return Reply(s, s)

    def handle_cast(self, _, s):
        return NoReply(s)

    def code_change(self, old_version, state, extra):
        match extra:
            case ("add", x):
                tr.p(("code_change", old_version, state))
                return Ok([*state, x])
            case "refuse":
                tr.p(("code_change", old_version, state))
                return ("error", "not_today")
            case "crash":
                tr.error("cannot")
