"""What the kernel decides to do: `otp.kernel.state` returns these, `otp.kernel.main` does them."""

from __future__ import annotations

from dataclasses import dataclass
from pickle import dumps
from typing import Any, TypeAlias

from otp.wire.protocol import ANSWER, KERNEL


@dataclass(frozen=True, slots=True)
class Send:
    """Put a frame into somebody's mailbox."""

    to: int
    kind: int
    sender: int
    ref: int
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Forward:
    """Put a frame that a sender had no room for into a mailbox; tell the sender how it went."""

    to: int
    frame: bytes
    asker: int
    ref: int


@dataclass(frozen=True, slots=True)
class Confirm:
    """Tell who has asked whether what was just sent to a process stands in its mailbox.

    "direct", or "queued": it waits here for room, and what the asker writes there itself would
    overtake it (`otp.runtime.outbox`).
    """

    about: int
    asker: int
    ref: int


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring the doorbell of a busy process."""

    to: int


@dataclass(frozen=True, slots=True)
class Kill:
    """Send `SIGKILL`."""

    to: int


@dataclass(frozen=True, slots=True)
class Launch:
    """Make a mailbox pipe and the name for it, order the fork, answer; or say why not."""

    serial: int
    launcher: int
    order: bytes
    asker: int
    ref: int
    name: str | None = None
    work: bytes | None = None
    """The parcel with its function, which the asker has sent to the kernel."""


@dataclass(frozen=True, slots=True)
class Expect:
    """An OS process is about to attach: watch it from now on."""

    os_pid: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """A thread attaches: give its pipe the number it will be known by, and watch its OS process."""

    serial: int
    pipe: str
    os_pid: int


@dataclass(frozen=True, slots=True)
class TurnAway:
    """A thread cannot be attached: tell it, through the pipe in which it waits for its number."""

    pipe: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Discard:
    """Somebody has died who was about to attach: remove the pipe that he may have made."""

    pipe: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A worker exists: keep a handle on its OS process, for signals."""

    serial: int
    os_pid: int


@dataclass(frozen=True, slots=True)
class Release:
    """A worker reads its pipe itself now; let go of ours."""

    serial: int


@dataclass(frozen=True, slots=True)
class Remove:
    """A process is dead: remove its pipe, and the parcels that it was sent or wrote to us."""

    serial: int
    parcels: bool = True


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    serial: int


@dataclass(frozen=True, slots=True)
class Unname:
    name: str


@dataclass(frozen=True, slots=True)
class Continue:
    """Let all of the node go on that were stopped (`SIGCONT`)."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Nothing is left to wait for: kill what remains and end."""


Effect: TypeAlias = (
    Send
    | Forward
    | Confirm
    | Ring
    | Kill
    | Launch
    | Expect
    | Welcome
    | TurnAway
    | Discard
    | Hold
    | Release
    | Remove
    | Name
    | Unname
    | Continue
    | Halt
)


def answer(asker: int, ref: int, value: Any) -> Send:
    """The answer to a question."""
    return Send(asker, ANSWER, KERNEL, ref, dumps(value))
