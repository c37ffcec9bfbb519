"""What anyone of this user can write into the pipes and directories of a node, which bears it.

A fast part of what ``make havoc`` does (`tests.havoc.hostile_bytes`).
"""

from __future__ import annotations

import os
import random
from itertools import islice
from pickle import dumps
from typing import Any

import pytest

from otp import gen_server, node, process
from otp.wire import protocol
from otp.wire.frame import pack
from tests.expecting import expect
from tests.havoc.hostile_bytes import CASES
from tests.havoc.hostile_bytes.world import World
from tests.servers.counter import Counter

HALF = pack(protocol.MESSAGE, 3, 0, bytes(4000))[:30]
HOSTILE = {
    "text": b"somebody writes text\n",
    "half a frame": HALF,
    "zeros": bytes(500),
    "an answer": pack(protocol.ANSWER, 0, 999_999, dumps("never asked")),
    "a ticket that is none": pack(protocol.ANSWER | protocol.PARCEL, 0, 999_999, b"n../../x"),
    "a question that is none": pack(protocol.TIMER_ASKED, 0, 7, b"no pickle"),
    "an order that is none": pack(protocol.FORK, 0, 0, b"no pickle"),
    "the end of the first launcher": pack(protocol.STOP, 0, 0),
}


def write(serial: int, data: bytes) -> None:
    fd = os.open(f"{node.current().directory}/p/{serial}", os.O_WRONLY)
    os.write(fd, data)
    os.close(fd)


@pytest.mark.parametrize("what", HOSTILE)
def test_a_launcher_bears_it_and_forks_on(what: str) -> None:
    write(protocol.LAUNCHER, HOSTILE[what])
    server = gen_server.start_link(Counter, 7)
    assert gen_server.call(server, "count") == 7


@pytest.mark.parametrize("what", HOSTILE)
def test_a_server_bears_it_and_answers(what: str) -> None:
    server = gen_server.start_link(Counter, 7)
    write(server.id, HOSTILE[what])
    assert gen_server.call(server, "count") == 7


TIMER: Any = (1, float("-inf"), (protocol.MESSAGE, [], b"x"))
REQUESTS = {
    "a timer for nobody": pack(protocol.START_TIMER, 2, 0, dumps(TIMER)),
    "a tuple of 2**80 parts": pack(
        protocol.LINK, 2, 0,
        b"\x80\x05)" + b"\x94h\x00\x86" + b"".join(b"\x94h%c\x86" % n for n in range(1, 80)) + b".",
    ),
    "a memo of 4 GB": pack(protocol.LINK, 2, 0, b"\x80\x05Nr\xff\xff\xff\x0f."),
}  # fmt: skip


@pytest.mark.parametrize("what", REQUESTS)
def test_a_kernel_bears_it_and_answers(what: str) -> None:
    server = gen_server.start_link(Counter, 7)
    write(protocol.KERNEL, REQUESTS[what])
    assert process.is_alive(server)


def test_a_guest_cannot_take_the_mailbox_of_another() -> None:
    server = gen_server.start_link(Counter, 7)
    for kind, args in (
        (protocol.ATTACH, (str(server.id), os.getpid(), True)),
        (protocol.KNOCK, (str(server.id), 2**22 - 1)),
    ):
        write(protocol.KERNEL, pack(kind, 0, 0, dumps(args)))
    assert process.is_alive(server)
    assert gen_server.call(server, "count") == 7


def test_who_spawns_where_something_lies_in_the_way_is_told_so() -> None:
    me = process.self()
    pid = process.spawn(lambda: process.send(me, "first"))
    assert expect() == "first"
    planted = f"{node.current().directory}/p/{pid.id + 1}"
    os.mkdir(planted)
    with pytest.raises(OSError, match="File exists"):
        process.spawn(print)
    assert not os.path.exists(planted)
    process.spawn(lambda: process.send(me, "second"))
    assert expect() == "second"


def test_whatever_lies_where_a_name_is_to_be_gives_way() -> None:
    planted = f"{node.current().directory}/names/planted"
    os.mkdir(planted)
    assert process.whereis("planted") is None
    process.register("planted", process.self())
    assert process.whereis("planted") == process.self()


@pytest.mark.parametrize("name", CASES)
def test_some_of_all_cases(name: str, fresh_node: None) -> None:
    cases, _ = CASES[name]
    world = World()
    try:
        for what, case in islice(cases(random.Random(f"{name} 1")), 12):
            assert world.bears(case) == [], what
        assert world.busy() == []
    finally:
        world.close()
