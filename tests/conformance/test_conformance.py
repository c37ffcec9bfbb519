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
    difference = differing(scenario.expected(), traces(scenario))
    if difference:
        pytest.fail(f"{scenario.explanation}\n\n{difference}", pytrace=False)


def test_there_are_few_differences_and_each_is_said() -> None:
    different = [scenario for scenario in ALL if scenario.expected() != scenario.recorded()]
    assert all(scenario.difference for scenario in different)
    assert len([scenario for scenario in ALL if scenario.difference]) <= MOST_DIFFERENCES


def test_every_scenario_has_a_twin_or_says_what_it_waits_for() -> None:
    assert not [scenario for scenario in ALL if scenario.has_twin == bool(scenario.waits_for)]


def test_terms_are_printed_as_erlang_does() -> None:
    assert doctest.testmod(term).failed == 0
