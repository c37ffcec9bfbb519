"""A collection of labelled requests gives its responses in the order of their arrival."""

from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply, RequestIds
from tests.conformance.lib import tr


def main():
    a, b, c = (start(n) for n in "abc")
    r0 = RequestIds()
    r1 = gen_server.send_request(a, (0.3, "slow"), "label_a", r0)
    r2 = gen_server.send_request(b, (0.1, "crash"), "label_b", r1)
    r3 = gen_server.send_request(c, (0.2, "middle"), "label_c", r2)
    tr.p(("size", len(r3)))
    left = take(r3, 3)
    tr.p(("size", len(left)))
    tr.p(("empty", gen_server.receive_response(left, 0.1, True)))
    r4 = gen_server.send_request(a, (0.3, "abandoned"), "label_x", left)
    tr.p(("too_late", gen_server.receive_response(r4, 0.05, True)))
    tr.p(("mailbox", tr.mailbox(0.5)))


def start(n):
    p = gen_server.start(Server, [])
    tr.name(p, n)
    return p


def take(r, n):
    if n == 0:
        return r
    response, label, r1 = gen_server.receive_response(r, 3.0, True)
    tr.p((label, response))
    return take(r1, n - 1)


class Server(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        match request:
            case (seconds, "crash"):
                tr.sleep(seconds)
                process.exit("crashed")
            case (seconds, r):
                tr.sleep(seconds)
                return Reply(r, s)

    def handle_cast(self, _, s):
        return NoReply(s)
