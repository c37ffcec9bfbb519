"""Scenarios run in nodes of their own, two at a time, ahead of the tests that look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.conformance.lib.scenario import Scenario

AT_ONCE = 2

Traces = Callable[[Scenario], str]


@pytest.fixture(scope="module")
def traces(request: pytest.FixtureRequest) -> Iterator[Traces]:
    """What the twin of a scenario has printed."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running: dict[str, Future[str]] = {}
        for item in request.session.items:
            scenario = getattr(item, "callspec", None) and item.callspec.params.get("scenario")
            if isinstance(scenario, Scenario) and scenario.has_twin:
                running[scenario.name] = pool.submit(scenario.run_python)
        yield lambda scenario: running[scenario.name].result()
        for future in running.values():
            future.cancel()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """Every run looks itself for what it left: others are running meanwhile."""
