"""Requests whose responses are taken later: sent now, waited for when it suits.

The response is a message in the mailbox of the sender, until it is taken: a reply comes as
``(ref, value)``, the death of the server as ``Down(ref, ...)``. Both come by an alias that is
switched off by whichever is first, so that there is one response, and a late one is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from otp.runtime import checking, here
from otp.runtime.addressing import NOBODY, destination
from otp.runtime.mailbox import NOTHING
from otp.runtime.reasons import NOPROC
from otp.runtime.receiving import receive
from otp.terms import Down, Ref, Server
from otp.wire.codec import flat
from otp.wire.protocol import CALL, DOWN, MONITOR

Response: TypeAlias = tuple[Literal["reply"], Any] | tuple[Literal["error"], tuple[Any, Server]]
"""("reply", value), or ("error", (reason, server)) if none will come."""


@dataclass(frozen=True, slots=True)
class RequestId:
    """A request on its way: what `send_request` returns."""

    ref: Ref
    server: Server


class RequestIds:
    """Requests on their way, each with a label of yours. Never changed: `add` returns a new one.

    ``len(ids)`` is how many there are, and they are iterated over as ``(request_id, label)``.
    """

    __slots__ = ("_labelled",)

    def __init__(self, labelled: dict[RequestId, Any] | None = None) -> None:
        self._labelled = labelled or {}

    def add(self, request: RequestId, label: Any) -> RequestIds:
        """These and one more (`reqids_add/3`)."""
        return RequestIds({**self._labelled, request: label})

    def without(self, request: RequestId) -> RequestIds:
        """All but this one."""
        return RequestIds({r: label for r, label in self._labelled.items() if r != request})

    def label(self, request: RequestId) -> Any:
        """What you have called it."""
        return self._labelled[request]

    def __len__(self) -> int:
        return len(self._labelled)

    def __iter__(self) -> Iterator[tuple[RequestId, Any]]:
        return iter(self._labelled.items())

    def __repr__(self) -> str:
        return f"RequestIds({self._labelled!r})"


def send(server: Server, request: Any, kind: int = CALL) -> RequestId:
    """Send a request. That nobody is there is what its response will say."""
    context = here.current()
    to = destination(context, server)
    tag = context.new_tag()
    sent = RequestId(context.ref(tag), server)
    context.monitors[tag] = None
    try:
        context.aliases.add(tag, "reply_demonitor")
        if to == context.serial:
            context.mailbox.arrived.append((kind, to, tag, flat(request)))
        elif to == NOBODY:
            context.mailbox.put((DOWN, 0, tag, NOPROC))
        else:
            context.tell(MONITOR, tag, to)
            context.outbox.send(kind, to, tag, request)
    except BaseException:
        context.demonitor(tag)
        raise
    return sent


# ---- their responses


def response(
    request: RequestId | RequestIds,
    timeout: float | None,
    delete: bool,
    *,
    abandoning: bool = False,
) -> Any:
    """The first response of these, or "timeout"; "no_request" of none."""
    wanted = _wanted(request)
    if not wanted:
        return "no_request"
    found = _take(wanted, checking.deadline(timeout))
    if found is None and abandoning:
        _abandon(wanted)
    return "timeout" if found is None else _outcome(request, found, delete)


def checked(message: Any, request: RequestId | RequestIds, delete: bool) -> Any:
    """The response that a message is, or "no_reply"; "no_request" of none."""
    wanted = _wanted(request)
    if not wanted:
        return "no_request"
    found = _read(message, wanted)
    return "no_reply" if found is None else _outcome(request, found, delete)


_Found: TypeAlias = tuple[RequestId, Response]


def _wanted(request: RequestId | RequestIds) -> dict[Ref, RequestId]:
    if isinstance(request, RequestId):
        return {request.ref: request}
    if isinstance(request, RequestIds):
        return _by_ref(sent for sent, _ in request)
    raise TypeError(f"this takes what send_request returned, not {request!r}")


def _outcome(request: RequestId | RequestIds, found: _Found, delete: bool) -> Any:
    sent, answer = found
    if isinstance(request, RequestId):
        return answer
    return answer, request.label(sent), request.without(sent) if delete else request


def _take(wanted: dict[Ref, RequestId], deadline: float | None) -> _Found | None:
    """The response that came first; None when the time is over."""
    context = here.current()
    if foreign := [ref for ref in wanted if ref.owner != context.pid]:
        raise ValueError(f"{foreign[0]} is a request of another process: only it gets the response")
    message = receive(context, lambda m: _ref_of(m) in wanted, deadline)
    return None if message is NOTHING else _read(message, wanted)


def _read(message: Any, wanted: dict[Ref, RequestId]) -> _Found | None:
    ref = _ref_of(message)
    if ref is None or ref not in wanted:
        return None
    request = wanted[ref]
    if isinstance(message, Down):
        return request, ("error", (message.reason, request.server))
    return request, ("reply", message[1])


def _abandon(wanted: dict[Ref, RequestId]) -> None:
    """Want no response any more: one that comes is dropped, one that has come is taken out."""
    context = here.current()
    for ref in wanted:
        context.demonitor(ref.id)
    while _take(wanted, 0.0) is not None:
        pass


def _ref_of(message: Any) -> Ref | None:
    if isinstance(message, Down):
        return message.ref
    match message:
        case (Ref() as ref, _) if type(message) is tuple:
            return ref
    return None


# ---- servers of one name


def multi_call(
    name: str, request: Any, timeout: float | None, nodes: Sequence[str] | None
) -> tuple[list[tuple[str, Any]], list[str]]:
    """The replies and the nodes from where none came."""
    deadline = checking.deadline(timeout)
    asked = on_nodes(name, nodes)
    sent: list[RequestId] = []
    replies: dict[Ref, Any] = {}
    try:
        for server in asked:
            sent += (send(server, request),)
        waiting = _by_ref(sent)
        while waiting and (found := _take(waiting, deadline)) is not None:
            request_id, answer = found
            del waiting[request_id.ref]
            if answer[0] == "reply":
                replies[request_id.ref] = answer[1]
        _abandon(waiting)
    except BaseException:
        _abandon(_by_ref(sent))
        raise
    answered = [(node, one.ref) for (_, node), one in zip(asked, sent, strict=True)]
    return (
        [(node, replies[ref]) for node, ref in answered if ref in replies],
        [node for node, ref in answered if ref not in replies],
    )


def _by_ref(requests: Iterable[RequestId]) -> dict[Ref, RequestId]:
    return {request.ref: request for request in requests}


def on_nodes(name: str, nodes: Sequence[str] | None) -> list[tuple[str, str]]:
    """Where this name may be; nodes do not know each other yet."""
    checking.name(name)
    return [(name, node) for node in ([here.current().pid.node] if nodes is None else nodes)]
