"""What the tests of the examples run in other processes, each of which imports this module."""

from __future__ import annotations

from typing import Any

from otp import process
from otp.errors import ServerDied
from otp.examples import kv_store, pool, slow_fetch
from otp.terms import Pid


class Awkward:
    """A value that cannot be sent."""

    def __reduce__(self) -> Any:
        raise RuntimeError("not to be pickled")


def by_appointment(client: Pid) -> Any:
    """Slow work: takes until the client sends a message to the helper, whose pid it gets."""
    process.send(client, ("out", process.self()))
    return process.receive(timeout=5)


def death_of_the_server(key: Any, server: Pid) -> Any:
    """The reason for which a fetch failed."""
    try:
        return slow_fetch.fetch(key, server)
    except ServerDied as error:
        return error.reason


def borrow_until_told(server: Pid, client: Pid) -> None:
    """Borrow a worker, tell the client which, and give it back at its next message."""
    worker = pool.checkout(server)
    process.send(client, ("out", worker))
    process.receive()
    pool.checkin(worker, server)


def store() -> Pid:
    """A worker for a pool."""
    return kv_store.start_link(name=None)
