"""Sending never blocks: two servers send each other 4 MB before either reads."""

from otp import gen_server
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    a = gen_server.start_link(Flooding, [])
    b = gen_server.start_link(Flooding, [])
    gen_server.cast(a, ("flood", b))
    gen_server.cast(b, ("flood", a))
    for n, s in (("a", a), ("b", b)):
        tr.p((n, when_complete(s, 1000)))


def when_complete(s, tries):
    match gen_server.call(s, "report", 20.0):
        case ("received", n, _, _) if n < 200 and tries > 0:
            tr.sleep(0.02)
            return when_complete(s, tries - 1)
        case report:
            return report


class Flooding(GenServer):
    def init(self, _):
        return Ok([])

    def handle_call(self, request, caller, numbers):
        match request:
            case "report":
                in_order = numbers == list(range(1, 201))
                return Reply(("received", len(numbers), "in_order", in_order), numbers)

    def handle_cast(self, request, numbers):
        match request:
            case ("flood", to):
                data = b"x" * 20000
                for n in range(1, 201):
                    gen_server.cast(to, ("data", n, data))
                return NoReply(numbers)
            case ("data", n, data) if len(data) == 20000:
                return NoReply([*numbers, n])
