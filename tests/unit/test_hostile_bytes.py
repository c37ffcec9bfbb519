"""The fuzzer of ``make havoc``: a while of it, and whether it finds what is broken."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from otp.kernel import ending, timers
from otp.wire import frame, parcel, place, plain
from otp.wire.protocol import SPAWN, START_TIMER
from tests.havoc.hostile_bytes import TARGETS, wire
from tests.havoc.hostile_bytes.fuzzing import Target, again, fuzz, told

EXECUTIONS = 1500
SEED, LONGEST = 1, 15.0


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_bytes_come_the_promise_is_kept(name: str) -> None:
    target = TARGETS[name]
    few = random.Random(SEED).sample(target.seeds, min(len(target.seeds), 40))
    outcome = fuzz(target._replace(seeds=tuple(few)), SEED, LONGEST, EXECUTIONS // target.share)
    assert not outcome.findings, told(target, outcome.findings)
    assert outcome.edges >= 4
    assert outcome.executions > 100


def test_a_seed_gives_the_same_inputs_each_time() -> None:
    assert fuzz(TARGETS["plain"], 7, LONGEST, 800) == fuzz(TARGETS["plain"], 7, LONGEST, 800)


def test_it_goes_where_its_seeds_have_not_been() -> None:
    target = TARGETS["parcel"]
    assert len(fuzz(target, SEED, LONGEST, EXECUTIONS).known) > len(target.seeds)


def loses_the_last(data: bytes) -> Any:
    frames, rest = frame.split(data)
    return frames[:-1] if len(frames) > 2 else frames, rest


def trusts_the_index(view: memoryview) -> Any:
    count, length = parcel._PAIR.unpack_from(view, view.nbytes - 16)
    return view[:length], [view[:0]] * count


def of_kind(kind: int) -> Target:
    """Only the requests of this kind, that are real or odd."""
    target = TARGETS["requests"]
    return target._replace(seeds=tuple(seed for seed in target.seeds if seed[3] == kind))


MUTANTS: dict[str, tuple[Target, Any, str, Callable[..., Any]]] = {
    "a frame is lost": (TARGETS["split"], vars(wire), "split", loses_the_last),
    "a short file is a parcel": (TARGETS["parcel"], vars(parcel), "_parts", trusts_the_index),
    "a ticket is a path": (TARGETS["ticket"], vars(parcel), "_check", lambda ticket: None),
    "a name is a path": (TARGETS["name"], vars(place), "quote", lambda name, **how: name),
    "any operation is plain": (TARGETS["plain"], vars(plain), "_check", lambda data: None),
    "a timer for nobody": (
        of_kind(START_TIMER), vars(timers), "_is_for_somebody", lambda entry: True,
    ),
    "an end that is not in time": (
        of_kind(SPAWN), vars(ending), "check_seconds", lambda seconds: None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MUTANTS)
def test_what_is_broken_is_found_and_found_again(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    target, where, attribute, broken = MUTANTS[what]
    monkeypatch.setitem(where, attribute, broken)
    (finding,) = fuzz(target, SEED, LONGEST, 20_000, enough=1).findings
    with pytest.raises(BaseException, match=r"(?s).+"):
        again(target, finding.data)
    monkeypatch.undo()
    place.quoted.cache_clear()
    again(target, finding.data)
    assert repr(finding.data) in told(target, [finding])
