"""The words refuse what cannot be one."""

from __future__ import annotations

from typing import Any

import pytest

from otp.terms import Pid, Ref


@pytest.mark.parametrize("id", [-1, 1 << 32, "1", 1.5, None])
def test_a_pid_has_a_serial_number(id: Any) -> None:
    with pytest.raises(ValueError, match="the id of a Pid is a serial number, not"):
        Pid(id, "node")


def test_a_ref_belongs_to_a_pid() -> None:
    with pytest.raises(TypeError, match="the owner of a Ref is a Pid, not None"):
        Ref(1, None)  # type: ignore[arg-type]
