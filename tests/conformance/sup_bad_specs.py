"""Wrong flags and wrong child specifications.

Differs: they are arguments, so a TypeError or ValueError names the field where it is written.
"""

from otp import process, supervisor
from otp.supervisor import ChildSpec
from tests.conformance.lib import tr, wk

W = {"id": "w", "start": wk.spec("w").start}


def main():
    process.trap_exit(True)
    flags = [
        {"strategy": "two_for_one"}, {"intensity": -1}, {"period": 0},
        {"auto_shutdown": "maybe_later"},
    ]  # fmt: skip
    for f in flags:
        r = result(lambda f=f: supervisor.start_link([], **f))
        tr.p(("flags", f, r))
    every = [
        [without("id")], [without("start")], [{**W, "restart": "sometimes"}],
        [{**W, "shutdown": -5}], [{**W, "kind": "helper"}], [{**W, "start": "not_mfa"}],
        [{**W, "significant": True}], ["not_a_spec"], [W, W],
    ]  # fmt: skip
    for s in every:
        tr.p(("check", result(lambda s=s: supervisor.check_childspecs(specs(s)))))
        r = result(lambda s=s: supervisor.start_link(specs(s)))
        tr.mailbox(0.03)
        tr.p(("start_link", r))
    sup = supervisor.start_link([])
    soon = {**W, "shutdown": "soon"}
    tr.p(("start_child", result(lambda: supervisor.start_child(sup, ChildSpec(**soon)))))
    tr.p(("check_good", result(lambda: supervisor.check_childspecs([wk.spec("w"), wk.spec("v")]))))
    two = [wk.spec("w"), wk.spec("v")]
    r2 = result(lambda: supervisor.start_link(two, strategy="simple_one_for_one"))
    tr.p(("simple_with_two", *r2))


def without(key):
    return {k: v for k, v in W.items() if k != key}


def specs(maps):
    return [ChildSpec(**m) if isinstance(m, dict) else m for m in maps]


def result(function):
    try:
        return tr.ok(function)
    except (TypeError, ValueError) as error:
        return ("raised", str(error))
