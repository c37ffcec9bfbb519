"""The management requests of a supervisor, each a function from state to answer.

An answer is ``("ok", value)``, ``("error", reason)`` with OTP's reason, or ``("bad", error)`` with
the exception that the caller gets for arguments that make no sense to this supervisor.
"""

from __future__ import annotations

import logging
from typing import Any, TypeAlias

from otp import process
from otp.behaviour import supervisor_reports as report
from otp.behaviour.child import ChildSpec, check_significant, with_arguments, without_arguments
from otp.behaviour.children import Child
from otp.behaviour.healing import State, start, stop
from otp.behaviour.starting import Failed, run_start
from otp.errors import shorten
from otp.terms import Pid

Answer: TypeAlias = tuple[str, Any]

NOT_FOUND: Answer = ("error", "not_found")
RESTARTING: Answer = ("error", "restarting")
RUNNING: Answer = ("error", "running")
SIMPLE: Answer = ("error", "simple_one_for_one")
DONE: Answer = ("ok", None)


def answer(request: Any, state: State) -> Answer | None:
    """Serve one request; None if it is none of a supervisor's."""
    match request:
        case "which_children":
            return "ok", state.children.info()
        case "count_children":
            return "ok", _count(state)
        case ("start_child", what):
            return _start_child(what, state)
        case ("terminate_child", id):
            return _terminate_child(id, state)
        case ("restart_child", id):
            return _restart_child(id, state)
        case ("delete_child", id):
            return _delete_child(id, state)
        case ("get_child_spec", id):
            return _get_child_spec(id, state)
        case _:
            return None


def _start_child(what: Any, state: State) -> Answer:
    match what, state.template:
        case ChildSpec() as spec, None:
            return _start_new(spec, state)
        case (list() | tuple()) as arguments, ChildSpec() as template:
            return _start_instance(template, tuple(arguments), state)
        case _, None:
            wanted = "a ChildSpec"
        case _:
            wanted = "the template's further arguments as a list or tuple (simple_one_for_one)"
    return "bad", TypeError(f"start_child of {state.name} takes {wanted}, got {shorten(what)}")


def _start_new(spec: ChildSpec, state: State) -> Answer:
    known = state.children.find(spec.id)
    if known is not None:
        running = known.pid is not None
        return "error", ("already_started", known.pid) if running else "already_present"
    try:
        check_significant(spec, state.flags.auto_shutdown)
    except ValueError as error:
        return "bad", error
    came = run_start(spec, state.name)
    match came:
        case Failed((str("already_started"), _) as reason):
            return "error", reason
        case Failed(reason):
            return "error", (reason, spec)
    if came.pid is not None or spec.restart != "temporary":
        kept = without_arguments(spec) if spec.restart == "temporary" else spec
        state.children.add(kept, came.pid)
    if came.pid is not None:
        report.progress(state.name, state.children.get(spec.id), logging.DEBUG)
    return "ok", came.answer


def _start_instance(template: ChildSpec, arguments: tuple[Any, ...], state: State) -> Answer:
    spec = with_arguments(template, arguments)
    came = run_start(spec, state.name)
    if isinstance(came, Failed):
        return "error", came.reason
    if came.pid is not None:
        state.children.add(template if spec.restart == "temporary" else spec, came.pid)
    return "ok", came.answer


def _terminate_child(id: Any, state: State) -> Answer:
    if state.template is not None and not isinstance(id, Pid):
        return SIMPLE
    child = _find(id, state)
    if child is not None:
        stop(state, child)
        return DONE
    return DONE if _was_instance(id, state) else NOT_FOUND


def _restart_child(id: Any, state: State) -> Answer:
    refusal, child = _idle(id, state)
    if child is None:
        return refusal
    came = start(state, child, logging.DEBUG)
    return ("error", came.reason) if isinstance(came, Failed) else ("ok", came.answer)


def _delete_child(id: Any, state: State) -> Answer:
    refusal, child = _idle(id, state)
    if child is None:
        return refusal
    state.children.delete(child.key)
    return DONE


def _get_child_spec(id: Any, state: State) -> Answer:
    if state.template is not None and (id == state.template.id or _was_instance(id, state)):
        return "ok", state.template
    child = _find(id, state)
    return NOT_FOUND if child is None else ("ok", child.spec)


def _count(state: State) -> dict[str, int]:
    """`active` are those alive now; the others are entries, with a process or without."""
    children = list(state.children)
    supervisors = sum(child.spec.kind == "supervisor" for child in children)
    return {
        "specs": len(children) if state.template is None else 1,
        "active": sum(_is_active(child, state) for child in children),
        "supervisors": supervisors,
        "workers": len(children) - supervisors,
    }


def _is_active(child: Child, state: State) -> bool:
    """Of very many children, as under simple_one_for_one, none is asked."""
    return child.pid is not None and (state.template is not None or process.is_alive(child.pid))


def _idle(id: Any, state: State) -> tuple[Answer, Child | None]:
    """The child without a process that has this id, or why it cannot be had."""
    if state.template is not None:
        return SIMPLE, None
    child = state.children.find(id)
    if child is None:
        return NOT_FOUND, None
    if child.restarting:
        return RESTARTING, None
    return (RUNNING, None) if child.pid is not None else (DONE, child)


def _find(id: Any, state: State) -> Child | None:
    if state.template is None:
        return state.children.find(id)
    if not isinstance(id, Pid):
        return None
    return state.children.running(id) or state.children.restarting(id)


def _was_instance(id: Any, state: State) -> bool:
    """As in OTP, a dead pid passes for a child that has just ended."""
    return state.template is not None and isinstance(id, Pid) and not process.is_alive(id)
