"""Links and monitors as a data structure."""

from __future__ import annotations

import random

from otp.kernel.graph import Graph


def test_a_link_has_no_direction() -> None:
    for dead, told in ((1, 2), (2, 1)):
        graph = Graph()
        graph.link(1, 2)
        assert graph.died(dead) == ([told], [])


def test_a_link_made_twice_is_there_once_and_undone_once() -> None:
    graph = Graph()
    graph.link(1, 2)
    graph.link(2, 1)
    assert graph.links(1) == [2]
    graph.unlink(2, 1)
    assert graph.links(1) == graph.links(2) == []
    assert graph.died(1) == ([], [])


def test_nobody_is_linked_to_himself() -> None:
    graph = Graph()
    graph.link(1, 1)
    assert graph.links(1) == []


def test_unlinking_strangers_does_nothing() -> None:
    Graph().unlink(1, 2)


def test_a_watcher_may_hold_several_monitors_on_one_target() -> None:
    graph = Graph()
    graph.monitor(2, 10, target=1)
    graph.monitor(2, 11, target=1)
    graph.monitor(3, 10, target=1)
    assert graph.watchers(1) == [2, 3]
    assert graph.targets(2) == [1, 1]
    assert graph.died(1) == ([], [(2, 10), (2, 11), (3, 10)])
    assert graph.targets(2) == []


def test_a_monitor_that_was_stopped_tells_nothing() -> None:
    graph = Graph()
    graph.monitor(2, 10, target=1)
    graph.demonitor(2, 10)
    graph.demonitor(2, 10)
    graph.demonitor(7, 7)
    assert graph.died(1) == ([], [])


def test_a_death_removes_every_edge_of_the_dead() -> None:
    graph = Graph()
    graph.link(1, 2)
    graph.link(1, 3)
    graph.monitor(1, 10, target=2)
    graph.monitor(2, 11, target=1)
    assert graph.died(1) == ([2, 3], [(2, 11)])
    assert graph.died(2) == ([], [])
    assert graph.died(3) == ([], [])


def test_nothing_is_kept_of_the_dead() -> None:
    chance, graph = random.Random(7), Graph()
    for _ in range(3000):
        a, b, tag = chance.randrange(20), chance.randrange(20), chance.randrange(50)
        chance.choice([
            lambda a=a, b=b: graph.link(a, b),
            lambda a=a, b=b: graph.unlink(a, b),
            lambda a=a, b=b, t=tag: (a, t) in graph._targets or graph.monitor(a, t, target=b),
            lambda a=a, t=tag: graph.demonitor(a, t),
            lambda a=a: graph.died(a),
        ])()  # fmt: skip
    for who in range(20):
        graph.died(who)
    assert not any(vars(graph).values())
