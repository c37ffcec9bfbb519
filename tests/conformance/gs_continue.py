"""handle_continue runs before any message, and after start_link or a reply has returned."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply, Stop
from tests.conformance.lib import tr


def main():
    s = gen_server.start_link(Steps, [])
    tr.p("start_link_returned")
    process.send(s, "early_message")
    _, gate = process.receive(lambda m: m[0] == "gate")
    process.send(gate, "go")
    tr.p(("order_after_start", gen_server.call(s, "order")))
    tr.p(("reply", gen_server.call(s, "then_continue")))
    tr.p(("order_after_call", gen_server.call(s, "order")))
    ref = tr.watch(s)
    process.unlink(s)
    gen_server.cast(s, "continue_stop")
    tr.p(("died_of", tr.reason_of(ref)))


class Steps(GenServer):
    def init(self, _):
        parent = process.info(process.self())["parent"]
        return Ok((parent, []), then="step1")

    def handle_continue(self, then, state):
        parent, steps = state
        match then:
            case "step1":
                process.send(parent, ("gate", process.self()))
                process.receive(lambda m: m == "go")  # early_message stays queued
                return NoReply((parent, [*steps, "step1"]), then="step2")
            case "step2":
                return NoReply((parent, [*steps, "step2"]))
            case "after_reply":
                return NoReply((parent, [*steps, "after_reply"]))
            case "stop":
                return Stop("from_continue", state)

    def handle_call(self, request, caller, state):
        parent, steps = state
        match request:
            case "order":
                return Reply(steps, (parent, []))
            case "then_continue":
                return Reply("answered", (parent, [*steps, "call"]), then="after_reply")

    def handle_cast(self, request, state):
        match request:
            case "continue_stop":
                return NoReply(state, then="stop")

    def handle_info(self, message, state):
        parent, steps = state
        return NoReply((parent, [*steps, message]))
