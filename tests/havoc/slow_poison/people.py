"""Those who live long, and what they do when they are told so. Loaded into every process."""

from __future__ import annotations

import os
import zlib
from typing import Any, NoReturn

from otp import gen_server, process
from otp.gen_server import GenServer, Ok, Reply
from otp.terms import Down, Pid


def hoards(owner: Pid) -> NoReturn:
    """Lets its mailbox grow until it is told to "count", then tells how many came in order."""
    process.send(owner, os.getpid())
    while True:
        process.receive(lambda message: message == "count")
        process.send(owner, "counting")
        process.receive(lambda message: message == "go on")
        heard = 0
        while (message := process.receive()) != "end":
            heard += message == heard
        process.send(owner, heard)


class Weigher(GenServer[None]):
    """Answers with what it was given, or with its checksum; keeps nothing."""

    def init(self, arg: Any, /) -> Ok[None]:
        return Ok(None)

    def handle_call(self, request: Any, caller: Any, state: None) -> Reply[None]:
        match request:
            case ("weigh", data):
                return Reply((len(data), zlib.crc32(data)), state)
            case ("give", data):
                return Reply(data, state)
        return Reply(os.getpid(), state)


def client(owner: Pid) -> NoReturn:
    """Has so many processes live and die, or calls a server so often; tells when it is done."""
    process.send(owner, os.getpid())
    while True:
        match process.receive():
            case ("breed", count):
                for number in range(count):
                    process.spawn_monitor(len, "x" * (number % 3 * 5000))
                    process.receive(Down)
            case ("call", name, count):
                for _ in range(count):
                    gen_server.cast(name, bytes(5000))
                    gen_server.call(name, "ping", 60)
        process.send(owner, "done")
