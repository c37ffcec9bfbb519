"""One node for all tests that need one, and nothing left behind by any.

    tests/unit/     starts no process at all
    tests/node/     each test function is a process of the node, a new one each time
    node            the same for a test that lies elsewhere
    fresh_node      for a test that breaks its node: it begins without one and starts its own

When a test is over, its process ends with reason "shutdown", and what is linked to it ends too.
Each of its three phases has a limit: a library that hangs fails the test it hangs in, and no more.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import otp.node
from otp.runtime import boot, here
from otp.wire.place import Place
from tests import sharing
from tests.expecting import at_most
from tests.footprint import files, footprint, leftovers

PATIENCE = 2.0  # seconds until what a test started must be gone
LONGEST = 20.0  # seconds until a phase of a test that is stuck has failed
NEED_A_NODE = Path(__file__).parent / "node"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Iterator[None]:
    with at_most(LONGEST):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    with at_most(LONGEST):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    with at_most(LONGEST):
        yield


def stop_node() -> None:
    """End the node of this program; one that does not end by itself, by force."""
    member = boot.membership()
    try:
        with at_most(LONGEST / 2):
            otp.node.stop()
    except BaseException:
        assert member
        os.killpg(member.os_pid, signal.SIGKILL)
        otp.node.stop()
        raise


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", type=sharing.part, default=(1, 1), help="1/2: the first half")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    number, count = config.getoption("--part")
    mine = sharing.shares(
        sharing.weights((item.path, getattr(item, "fixturenames", ())) for item in items), count
    )[number - 1]
    config.hook.pytest_deselected(items=[item for item in items if item.path not in mine])
    items[:] = [item for item in items if item.path in mine]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A node's directory, in which nothing happens yet."""
    place = Place(str(tmp_path / "node"))
    place.make()
    return place


@pytest.fixture(scope="session", autouse=True)
def runtime_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A runtime directory of these tests alone; it has to be empty in the end."""
    directory = tmp_path_factory.mktemp("otp")
    os.environ["OTP_RUNTIME_DIR"] = str(directory)
    yield directory
    stop_node()
    assert not files(directory), "the node left these files behind"


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest, runtime_directory: Path) -> Iterator[None]:
    """No process, descriptor, thread, name or file outlives the test that made it."""
    if "fresh_node" in request.fixturenames:
        otp.node.stop()
    elif "node" in request.fixturenames or NEED_A_NODE in request.path.parents:
        otp.node.current()
    here.detach()
    before = footprint(runtime_directory)
    yield
    here.detach("shutdown")
    if left := leftovers(before, runtime_directory, PATIENCE):
        stop_node()
        pytest.fail("left behind: " + ", ".join(left))


@pytest.fixture
def node() -> otp.node.Node:
    """The node that the tests share."""
    return otp.node.current()


@pytest.fixture
def fresh_node() -> Iterator[None]:
    """There is no node now; the one that the test starts is stopped after it."""
    yield
    stop_node()
