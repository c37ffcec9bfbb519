"""A server is ordered to end; its status is shown without its secrets."""

from otp import gen_server, system
from otp.gen_server import GenServer, NoReply, Ok, Reply
from otp.terms import Shutdown
from tests.conformance.lib import tr


def main():
    s = gen_server.start(Login, {"user": "bob", "password": "secret"})
    tr.name(s, "server")
    status = system.get_status(s)
    tr.p(("status", status["status"], "parent", status["parent"]))
    system.suspend(s)
    status2 = system.get_status(s)
    tr.p(("status", status2["status"]))
    system.resume(s)
    tr.p(("state_shown", status["state"]))
    tr.p(("real_state", system.get_state(s)))
    ref = tr.watch(s)
    tr.p(("terminate_returns", tr.ok(system.terminate, s, Shutdown("ordered"))))
    tr.p(("died_of", tr.reason_of(ref)))


class Login(GenServer):
    def init(self, s):
        return Ok(s)

    def handle_call(self, request, caller, s):
        return Reply("ok", s)

    def handle_cast(self, _, s):
        return NoReply(s)

    def terminate(self, reason, _):
        tr.wait(("terminate_returns", "ok"))
        tr.p(("terminate", reason))

    def format_status(self, status):
        return {**status, "state": {**status["state"], "password": "hidden"}}
