"""What callbacks return. The type says what happens next, `state` is what the server goes on with.

    Ok(state)                 init: the server runs
    Ignore()                  init: it chooses not to
    Reply(value, state)       handle_call: the caller gets the value
    NoReply(state)            go on; in handle_call the caller waits for `gen_server.reply`
    Stop(reason, state)       terminate(reason, state) is called, then the process ends

(They are not frozen: one is made for each message, and freezing would triple what that costs.)

`timeout` is an idle time in seconds after which `handle_info` gets a `Timeout()`, if no message
comes before; or `HIBERNATE`, which gives memory back while the server waits. `then` goes to
`handle_continue` before any message is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

S = TypeVar("S", covariant=True)  # noqa: PLC0105


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
HIBERNATE: Final = "hibernate"

Idle: TypeAlias = float | Literal["hibernate"] | None


@dataclass(slots=True)
class Ok(Generic[S]):
    """`init`: run with this state."""

    state: S
    timeout: Idle = None
    then: Any = None


@dataclass(frozen=True, slots=True)
class Ignore:
    """`init`: do not run; `start` raises `Ignored`, which a supervisor takes as no failure."""


@dataclass(slots=True)
class Reply(Generic[S]):
    """`handle_call`: answer the caller, go on with this state."""

    value: Any
    state: S
    timeout: Idle = None
    then: Any = None


@dataclass(slots=True)
class NoReply(Generic[S]):
    """Go on with this state; nobody is answered now."""

    state: S
    timeout: Idle = None
    then: Any = None


@dataclass(slots=True)
class Stop(Generic[S]):
    """End with this reason. In `init` without a state; `reply` answers a call after `terminate`."""

    reason: Any
    state: S = MISSING  # type: ignore[assignment]
    reply: Any = MISSING


Started: TypeAlias = Ok[S] | Stop[S] | Ignore
Result: TypeAlias = NoReply[S] | Stop[S]
CallResult: TypeAlias = Reply[S] | NoReply[S] | Stop[S]
