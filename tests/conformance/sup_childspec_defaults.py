"""What a child specification is completed to.

Differs: a specification has no `modules` (for release handling, which there is none of).
"""

from functools import partial

from otp import supervisor
from otp.supervisor import ChildSpec
from tests.conformance.lib import tr, wk
from tests.conformance.lib.term import milliseconds


def main():
    sup = start_link()
    for id in ("a", "inner", "tuple", "unknown"):
        tr.p((id, tr.ok(get_childspec, sup, id)))


def get_childspec(sup, id):
    """As a map, with the names and units that Erlang has."""
    spec = supervisor.get_child_spec(sup, id)
    shutdown = spec.shutdown if isinstance(spec.shutdown, str) else milliseconds(spec.shutdown)
    kept = {"id": spec.id, "restart": spec.restart, "significant": spec.significant}
    return {**kept, "start": mfa(spec.start), "shutdown": shutdown, "type": spec.kind}


def mfa(start):
    if isinstance(start, partial):
        return ("wk", start.func.__name__, [*start.args, start.keywords])
    return ("sup_childspec_defaults", start.__name__, [])


def sub():
    return supervisor.start_link([])


def start_link():
    return supervisor.start_link(
        [
            wk.spec("a"),
            ChildSpec("inner", sub, kind="supervisor"),
            ChildSpec("tuple", partial(wk.start_link, "t"), "transient", "brutal_kill", "worker"),
        ],
        strategy="one_for_one",
        intensity=3,
        period=10,
    )
