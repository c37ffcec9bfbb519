"""A handler that returns no result ends the server; terminate gets the state from before."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr

BAD = (
    "nonsense", ("reply", "x"), ("ok", "state"), Reply("a", "new_state", timeout=-0.001),
    NoReply("s", timeout=("continued", "x")),
)  # fmt: skip


def main():
    for v in BAD:
        p = gen_server.start(Bad, [])
        tr.name(p, "server")
        tr.p(("call", v, tr.attempt(gen_server.call, p, ("return", v))))
    c = gen_server.start(Bad, [])
    r = tr.watch(c)
    gen_server.cast(c, ("return", Reply("no", "client")))
    tr.p(("cast", "died_of", tr.reason_of(r)))
    i = gen_server.start(Bad, [])
    r2 = tr.watch(i)
    process.send(i, ("return", ("stop", "only_two")))
    tr.p(("info", "died_of", tr.reason_of(r2)))


class Bad(GenServer):
    def init(self, _):
        return Ok("old_state")

    def handle_call(self, request, caller, _):
        match request:
            case ("return", v):
                return v

    def handle_cast(self, request, _):
        match request:
            case ("return", v):
                return v

    def handle_info(self, message, _):
        match message:
            case ("return", v):
                return v

    def terminate(self, reason, state):
        tr.p(("terminate", reason, state))
