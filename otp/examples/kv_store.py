"""A key-value store: one process owns the map, everyone else asks it.

>>> from otp import gen_server
>>> from otp.examples import kv_store
>>> store = kv_store.start_link()
>>> kv_store.put("name", "Ada")
'ok'
>>> kv_store.put("born", 1815)
'ok'
>>> kv_store.get("name")
'Ada'
>>> kv_store.get("phone") is None
True
>>> kv_store.delete("born")
>>> kv_store.all()
{'name': 'Ada'}
>>> gen_server.call("kv_store", "how are you?")
('error', 'unknown_request')
>>> gen_server.stop("kv_store")
"""

from __future__ import annotations

from typing import Any, TypeAlias

from otp import gen_server
from otp.gen_server import CallResult, GenServer, NoReply, Ok, Reply, Result
from otp.terms import From, Pid, Server

State: TypeAlias = dict[Any, Any]


def start_link(*, name: str | None = "kv_store") -> Pid:
    """Start an empty store, linked to the caller."""
    return gen_server.start_link(KVStore, {}, name=name)


def put(key: Any, value: Any, store: Server = "kv_store") -> str:
    """Store the value; answers ``"ok"`` when it is there."""
    answer: str = gen_server.call(store, ("put", key, value))
    return answer


def get(key: Any, store: Server = "kv_store") -> Any:
    """The value, or None if there is none."""
    return gen_server.call(store, ("get", key))


def delete(key: Any, store: Server = "kv_store") -> None:
    """Forget the key. Does not wait: a cast."""
    gen_server.cast(store, ("delete", key))


def all(store: Server = "kv_store") -> dict[Any, Any]:
    """A copy of the whole map."""
    answer: dict[Any, Any] = gen_server.call(store, "all")
    return answer


class KVStore(GenServer[State]):
    def init(self, entries: State, /) -> Ok[State]:
        return Ok(entries)

    def handle_call(self, request: Any, caller: From, state: State) -> CallResult[State]:
        match request:
            case ("put", key, value):
                return Reply("ok", {**state, key: value})
            case ("get", key):
                return Reply(state.get(key), state)
            case "all":
                return Reply(state, state)
            case _:
                return Reply(("error", "unknown_request"), state)

    def handle_cast(self, request: Any, state: State) -> Result[State]:
        match request:
            case ("delete", key):
                return NoReply({k: v for k, v in state.items() if k != key})
            case _:
                return NoReply(state)
