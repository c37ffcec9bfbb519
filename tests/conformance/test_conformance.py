"""Every recorded trace of the real BEAM has a twin in Python that prints the same trace."""

from __future__ import annotations

import doctest

import pytest

from tests.conformance.conftest import Traces
from tests.conformance.lib import term
from tests.conformance.lib.scenario import Scenario, differing, scenarios

ALL = scenarios()
MOST_DIFFERENCES = 5


@pytest.mark.parametrize("scenario", ALL, ids=repr)
def test_the_trace_is_that_of_the_beam(scenario: Scenario, traces: Traces) -> None:
    if scenario.waits_for and not scenario.has_twin:
        pytest.skip(f"waits for {scenario.waits_for}")
    difference = differing(scenario.recorded(), traces(scenario))
    if difference:
        pytest.fail(f"{scenario.explanation}\n\n{difference}", pytrace=False)


def test_there_are_few_differences() -> None:
    said = [scenario.difference for scenario in ALL if scenario.difference]
    assert len(said) <= MOST_DIFFERENCES


def test_terms_are_printed_as_erlang_does() -> None:
    assert doctest.testmod(term).failed == 0
