"""A key-value store: one server whose state is a dict; see gs_kv_store.erl."""

from otp import gen_server
from otp.gen_server import GenServer, NoReply, Ok, Reply
from tests.conformance.lib import tr


def main():
    a = gen_server.start_link(Store, [])
    tr.name(a, "store_a")
    b = gen_server.start_link(Store, [])
    tr.p(("all", "a", call(a, "all")))
    tr.p(("put", "color", call(a, ("put", "color", "red"))))
    tr.p(("put", "size", call(a, ("put", "size", 42))))
    tr.p(("get", "color", call(a, ("get", "color"))))
    tr.p(("get", "missing", call(a, ("get", "missing"))))
    tr.p(("overwrite", "color", call(a, ("put", "color", "blue"))))
    tr.p(("get", "color", call(a, ("get", "color"))))
    tr.p(("all", "a", call(a, "all")))
    tr.p(("all", "b", call(b, "all")))
    tr.p(("delete", "size", call(a, ("delete", "size"))))
    tr.p(("delete_again", "size", call(a, ("delete", "size"))))
    tr.gone(tr.proc("client2", lambda: tr.p(("client2_put", call(a, ("put", (1, "x"), [1, 2]))))))
    tr.p(("all", "a", call(a, "all")))
    tr.p(("stop", tr.ok(gen_server.stop, a)))
    tr.p(("get_after_stop", tr.attempt(call, a, ("get", "color"))))


def call(s, r):
    return gen_server.call(s, r)


class Store(GenServer):
    def init(self, _):
        return Ok({})

    def handle_call(self, request, caller, m):
        match request:
            case ("put", k, v):
                return Reply("ok", {**m, k: v})
            case ("get", k):
                return Reply(("ok", m[k]) if k in m else "not_found", m)
            case ("delete", k):
                return Reply("ok", {key: m[key] for key in m if key != k})
            case "all":
                return Reply(m, m)

    def handle_cast(self, _, m):
        return NoReply(m)
