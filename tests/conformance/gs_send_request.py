"""Requests whose responses are taken later, or never."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    a = gen_server.start(Server, [])
    b = gen_server.start(Server, [])
    tr.name(a, "a")
    tr.name(b, "b")
    t1 = gen_server.send_request(a, ("after", 0.3, "one"))
    t2 = gen_server.send_request(b, ("after", 0.0, "two"))
    tr.p(("t2_first", gen_server.wait_response(t2, 2.0)))
    tr.p(("t1_too_early", gen_server.wait_response(t1, 0.05)))
    tr.p(("t1_later", gen_server.wait_response(t1, 2.0)))
    t3 = gen_server.send_request(a, ("after", 0.3, "three"))
    tr.p(("t3_abandoned", gen_server.receive_response(t3, 0.05)))
    tr.p(("a_still_works", gen_server.call(a, ("after", 0.0, "ping"))))
    tr.p(("mailbox", tr.mailbox(0.2)))
    t4 = gen_server.send_request(b, "crash")
    tr.p(("t4", gen_server.receive_response(t4, 2.0)))
    t5 = gen_server.send_request(b, "too_late")
    tr.p(("t5", gen_server.receive_response(t5, 2.0)))
    t6 = gen_server.send_request("nobody", "hi")
    tr.p(("t6", gen_server.receive_response(t6, 2.0)))
    tr.p(("mailbox", tr.mailbox(0.1)))


class Server(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        match request:
            case ("after", seconds, r):
                tr.sleep(seconds)
                return Reply(r, s)
            case "crash":
                process.exit("crashed")

    def handle_cast(self, _, s):
        return NoReply(s)
