"""Frames in the kernel's pipe that no version of this library writes: they change nothing."""

from __future__ import annotations

import os
from pickle import dumps
from typing import Any

import pytest

from otp import gen_server, node, process
from otp.wire import protocol
from otp.wire.frame import pack
from tests.expecting import expect
from tests.servers.counter import Counter

NONSENSE = [b"", b"no pickle", dumps(()), dumps(None), dumps((2, 2, 2)), dumps(("x", -1, True))]
KINDS = [kind for name, kind in vars(protocol).items() if name.isupper() and 32 <= kind < 0x80]


def forge(*frames: bytes) -> None:
    kernel = os.open(f"{node.current().directory}/p/0", os.O_WRONLY)
    os.write(kernel, b"".join(frames))
    os.close(kernel)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != protocol.STOP])
def test_nonsense_from_nobody_or_anybody_harms_nobody(kind: int) -> None:
    server, me = gen_server.start_link(Counter, 7), process.self()
    for sender in (0, 1, me.id, 999_999):
        forge(*(pack(kind, sender, 0, payload) for payload in NONSENSE))
    assert gen_server.call(server, "count") == 7
    assert process.is_alive(server)
    assert process.self() == me


@pytest.mark.parametrize("when", ["1", float("nan")])
def test_a_timer_at_no_time_is_none(when: Any) -> None:
    me = process.self()
    tag = 1_000_000
    forge(pack(protocol.START_TIMER, me.id, 0, dumps((tag, when, (1, me.id, b"x")))))
    process.send_after(0.0, process.spawn_link(lambda: process.send(me, process.receive())), "due")
    assert expect() == "due"


def test_what_only_a_launcher_may_say_buries_nobody() -> None:
    server, me = gen_server.start_link(Counter, 7), process.self()
    os_pid = process.info(server)["os_pid"]
    forge(
        pack(protocol.REAPED, me.id, 0, dumps((os_pid, -9))),
        pack(protocol.FORKED, me.id, 0, dumps((server.id, 0, b""))),
        pack(protocol.WARMED, me.id, 0, dumps((["x"], [], True))),
    )
    assert process.is_alive(server)
    assert gen_server.call(server, "count") == 7
    assert process.is_alive(process.spawn_link(process.receive))
