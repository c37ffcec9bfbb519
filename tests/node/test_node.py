"""The node itself: started when needed, or by hand; stopped; what it says when it cannot start."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from otp import gen_server, node, process
from otp.errors import NodeDown, NoProcess
from otp.terms import Down
from tests.expecting import expect, expect_down
from tests.interrupting import Interrupted, alarm_raises
from tests.programs import comm, gone, launchers, node_of
from tests.servers import birthplace, deaf, threaded
from tests.servers.counter import Counter

pytestmark = pytest.mark.usefixtures("fresh_node")


def test_the_first_use_starts_a_node(runtime_directory: Path) -> None:
    assert os.listdir(runtime_directory) == []
    me = process.self()
    current = node.current()
    assert (current.name, current.id) == ("node", me.node)
    assert Path(current.directory).parent == runtime_directory
    assert comm(current.os_pid) == "otp:kernel"


def test_a_node_may_have_a_name() -> None:
    assert node.start(name="shop").name == "shop"
    assert process.self().node.startswith("shop-")
    assert node.current().name == "shop"


def test_a_program_has_one_node() -> None:
    node.start()
    with pytest.raises(RuntimeError, match="this program has a node already"):
        node.start()


@pytest.mark.parametrize("name", ["", "two words", "../up", 7])
def test_a_name_is_an_identifier(name: Any) -> None:
    with pytest.raises(ValueError, match="name is to be an identifier such as 'shop'"):
        node.start(name=name)


@pytest.mark.parametrize("preload", ["json", [1], None, 1])
def test_preload_is_a_list_of_modules(preload: Any) -> None:
    with pytest.raises(TypeError, match="preload is to be a list of module names"):
        node.start(preload=preload)


def test_what_every_process_would_be_forked_with_is_little() -> None:
    """Each library that is loaded makes each fork slower."""
    me, heavy = process.self(), ("shutil", "tempfile", "random", "hashlib", "lzma", "psutil")
    process.spawn(lambda: process.send(me, [name for name in heavy if name in sys.modules]))
    assert expect(list) == []


def test_who_is_forked_finds_the_loop_of_a_server_run_in_already() -> None:
    me = process.self()

    def specialised():
        code = sys.modules["otp.behaviour.serving"].Serving.loop.__code__
        process.send(me, code._co_code_adaptive != code.co_code)

    process.spawn(specialised)
    assert expect(True)


def test_what_is_preloaded_is_imported_once_for_all() -> None:
    node.start(preload=["tests.servers.birthplace"])
    me = process.self()
    for _ in range(3):
        process.spawn(birthplace.tells, me)
    importers, selves = zip(*(expect(tuple) for _ in range(3)), strict=True)
    assert len(set(importers)) == 1
    assert not set(importers) & set(selves)


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("no.such.module", r"cannot import no\.such\.module \(preload\)"),
        (threaded.__name__, "a preloaded module starts threads"),
    ],
)
def test_what_cannot_be_preloaded_is_told_and_leaves_nothing(
    module: str, says: str, runtime_directory: Path
) -> None:
    with pytest.raises(NodeDown, match=says):
        node.start(preload=[module])
    assert os.listdir(runtime_directory) == []
    assert process.self()  # the next one starts


@pytest.mark.parametrize("module", ["tests.servers.retiring", "numpy"])
def test_threads_that_end_when_the_process_forks_do_no_harm(module: str) -> None:
    node.start(preload=[module])
    me = process.self()
    process.spawn(lambda: process.send(me, module in sys.modules))
    assert expect(bool)


def test_a_module_with_threads_is_imported_by_each_process_itself() -> None:
    me = process.self()

    def tells() -> None:
        process.send(me, threaded.__name__)

    tells.__module__ = threaded.__name__
    for _ in range(3):
        process.spawn(tells)
        assert expect() == threaded.__name__
    assert process.is_alive(me)


# ---- its end


def test_stop_ends_everything_and_the_next_use_begins_anew(runtime_directory: Path) -> None:
    first = process.self()
    server = gen_server.start_link(Counter, 0, name="counter")
    others = [process.spawn(process.receive) for _ in range(5)]
    os_pids = [process.info(pid)["os_pid"] for pid in [server]]
    kernel = node.current().os_pid
    node.stop()
    assert gone([kernel, *os_pids], within=0)
    assert os.listdir(runtime_directory) == []
    node.stop()

    assert process.self() != first
    assert not process.is_alive(server)
    assert not any(map(process.is_alive, [first, *others]))
    assert process.whereis("counter") is None
    with pytest.raises(NoProcess):
        gen_server.call(server, "count")
    ref = process.monitor(server)
    assert expect() == Down(ref, server, "noproc")
    process.send(server, "nobody")
    process.exit(server, "kill")


def test_stop_kills_who_does_not_end_in_time() -> None:
    process.spawn(deaf.ignores, process.self())
    expect("deaf")
    node.stop()


def test_a_process_may_stop_the_node(runtime_directory: Path) -> None:
    me = process.self()
    process.spawn(lambda: (process.send(me, "stopping"), node.stop()))
    expect("stopping")
    kernel = node.current().os_pid
    with pytest.raises(NodeDown, match="the node has ended"):
        process.receive(timeout=5)
    assert kernel
    assert gone([kernel], within=2)
    assert os.listdir(runtime_directory) == []
    with pytest.raises(NodeDown):
        process.spawn(print)


@pytest.mark.parametrize("who", ["kernel", "launcher"])
def test_a_node_that_is_killed_is_down_for_its_program(who: str, runtime_directory: Path) -> None:
    server = gen_server.start(Counter, 0)
    kernel = node.current().os_pid
    everyone = node_of(kernel)
    for victim in [kernel] if who == "kernel" else launchers(kernel)[:1]:
        os.kill(victim, signal.SIGKILL)
    assert gone(everyone, within=2)
    with pytest.raises(NodeDown):
        gen_server.call(server, "count")
    with pytest.raises(NodeDown):
        process.spawn(print)
    assert os.listdir(runtime_directory) == []
    node.stop()
    assert gen_server.call(gen_server.start_link(Counter, 3), "count") == 3


def test_what_dead_nodes_have_left_is_swept_away(runtime_directory: Path) -> None:
    """The kernel was killed with all others at once: nobody was left to clean up."""
    process.spawn(process.receive)
    first = node.current()
    os.killpg(first.os_pid, signal.SIGKILL)
    assert gone([first.os_pid], within=2)
    left = Path(first.directory)
    left.mkdir(exist_ok=True)
    node.stop()
    left.mkdir(mode=0o700)
    (left / "p").mkdir()
    os.close(os.open(left / "lock", os.O_CREAT))
    process.self()
    assert os.listdir(runtime_directory) == [node.current().id]
    assert expect_down(process.monitor("nobody")) == "noproc"


def test_a_stop_that_was_interrupted_may_be_repeated(runtime_directory: Path) -> None:
    """The alarm's handler raises while the program waits for a process that is in no hurry."""
    pid = process.spawn(deaf.ignores, process.self())
    expect("deaf")
    os_pid = process.info(pid)["os_pid"]

    with alarm_raises():
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(Interrupted):
            node.stop()
    node.stop()
    assert gone([os_pid], within=0)
    assert os.listdir(runtime_directory) == []
