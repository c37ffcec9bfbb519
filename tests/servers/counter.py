"""A server that counts what it hears, and one that is busy until a file exists."""

from __future__ import annotations

import os
from typing import Any

from otp.gen_server import GenServer, NoReply, Ok, Reply


class Counter(GenServer[int]):
    def init(self, start: int, /) -> Ok[int]:
        return Ok(start)

    def handle_call(self, request: Any, caller: Any, state: int) -> Reply[int]:
        return Reply(state, state)

    def handle_cast(self, request: Any, state: int) -> NoReply[int]:
        return NoReply(state + 1)

    def handle_info(self, message: Any, state: int) -> NoReply[int]:
        match message:
            case ("busy until", path):
                while not os.path.exists(path):
                    pass
                return NoReply(state)
        return NoReply(state + 1)
