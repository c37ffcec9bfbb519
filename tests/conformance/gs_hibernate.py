"""A server that hibernates answers as ever."""

from otp import gen_server, process
from otp.gen_server import HIBERNATE, GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    s = gen_server.start_link(Sleeper, [])
    tr.p(("call", gen_server.call(s, ("set", 7, HIBERNATE))))
    tr.sleep(0.1)
    tr.p(("hibernating", asleep(s)))
    tr.p(("state", gen_server.call(s, "get")))
    tr.sleep(0.1)
    tr.p(("hibernating", asleep(s)))
    a = gen_server.start_link(Sleeper, [], hibernate_after=0.1)
    tr.p(("call", gen_server.call(a, ("set", 8, None))))
    tr.sleep(0.4)
    tr.p(("auto_hibernating", asleep(a)))
    tr.p(("state", gen_server.call(a, "get")))


def asleep(p):
    return process.info(p)["status"] == "hibernating"


class Sleeper(GenServer):
    def init(self, _):
        return Ok(0)

    def handle_call(self, request, caller, s):
        match request:
            case ("set", v, t):
                return Reply("ok", v, timeout=t)
            case "get":
                return Reply(s, s)

    def handle_cast(self, _, s):
        return NoReply(s)

    def handle_info(self, message, s):
        tr.p(("info", message))
        return NoReply(s)
