"""Talking to a process that is dead already: everything is silent but a name that is free."""

from otp import process
from tests.conformance.lib import tr


def main():
    p = tr.proc("dead", lambda: "ok")
    tr.gone(p)
    tr.sleep(0.05)
    tr.p(("send", send(p, "hello")))
    tr.p(("exit2", tr.true(process.exit, p, "boom")))
    tr.p(("unlink", tr.true(process.unlink, p)))
    tr.p(("alive", tr.alive(p)))
    tr.p(("send_to_name", tr.attempt(process.send, "nobody", "hello")))
    tr.p(("mailbox", tr.mailbox(0.1)))


def send(to, message):
    """``To ! Message``, which is the message."""
    process.send(to, message)
    return message
