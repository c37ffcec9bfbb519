"""Who acts is killed at each system call: the others see all of it or nothing, and go on.

A fast part of what ``make havoc`` does (`tests.havoc.killing`).
"""

from __future__ import annotations

import pytest

from tests.havoc.killing import ptrace
from tests.havoc.killing.ground import Beside
from tests.havoc.killing.sweep import whole


@pytest.mark.parametrize("path", ["send-long", "reply-long", "register", "attach", "exit-long"])
def test_a_kill_at_any_system_call_harms_nobody_else(path: str, fresh_node: None) -> None:
    if refused := ptrace.refusal():
        pytest.skip(f"nobody can be stopped at a system call: {refused}")
    kills: list[str] = []
    with Beside() as ground:
        assert whole(ground, path, kills.append) == []
    assert len(kills) > 10
