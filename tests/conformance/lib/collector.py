"""The process that owns the lines of a trace; `tr` speaks to it."""

from __future__ import annotations

from typing import Any

from otp import gen_server, process
from otp.gen_server import CallResult, GenServer, NoReply, Ok, Reply
from otp.terms import From, Pid, Ref
from tests.conformance.lib.term import erlang, show

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class Collector(GenServer[Any]):
    """Lines, labels, and who waits for which line."""

    def init(self, _: Any, /) -> Ok[Any]:
        state: dict[str, Any] = {
            "level": None,
            "waiting": [],
            "lines": [],
            "names": {},
            "counts": {},
        }
        return Ok(state)

    def handle_call(self, request: Any, caller: From, state: Any) -> CallResult[Any]:
        match request:
            case ("emit", term):
                emit(state, line(term, state))
                return Reply(None, state)
            case ("log", level, report):
                if state["level"] is not None and level >= LEVELS[state["level"]]:
                    emit(state, line(report, state))
                return Reply(None, state)
            case ("wait", term):
                if (wanted := line(term, state)) in state["lines"]:
                    return Reply(None, state)
                state["waiting"].append((wanted, caller))
                return NoReply(state)
            case ("label", pid):
                return Reply(named(pid, state), state)
            case ("dump",):
                return Reply(state["lines"], state)
        return Reply(configure(request, state), state)


def configure(request: Any, state: Any) -> Any:
    match request:
        case ("name", who, as_label):
            state["names"][who] = as_label
        case ("born", base, pid):
            as_label = numbered(base + "_", state)
            state["names"][pid] = as_label
            return as_label
        case ("log_on", level):
            state["level"] = level
    return None


def emit(state: Any, text: str) -> None:
    state["lines"].append(text)
    for wanted, caller in state["waiting"]:
        if wanted == text:
            gen_server.reply(caller, None)
    state["waiting"] = [w for w in state["waiting"] if w[0] != text]


def line(term: Any, state: Any) -> str:
    text = show(erlang(term, lambda who: named(who, state))) + "."
    return text.replace(f"'{process.self().node}'", "this_node")


def named(who: Pid | Ref, state: Any) -> str:
    names: dict[Any, str] = state["names"]
    if who not in names:
        names[who] = numbered("pid" if isinstance(who, Pid) else "ref", state)
    return names[who]


def numbered(base: str, state: Any) -> str:
    state["counts"][base] = state["counts"].get(base, 0) + 1
    return f"{base}{state['counts'][base]}"
