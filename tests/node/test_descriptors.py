"""Programs that have few descriptors, or not even the three standard ones."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from otp import gen_server, node, process
from otp.gen_server import NoReply, Reply
from otp.terms import Pid
from tests.expecting import expect, expect_down
from tests.programs import ROOT, run
from tests.servers import witness

MANY = """
import resource
from otp import gen_server, process
from otp.examples import kv_store
process.trap_exit()
pids = []
try:
    while len(pids) < 200:
        pids.append(process.spawn_link(process.receive))
except OSError as error:
    print(error)
store = None
for pid in pids:
    process.exit(pid, "kill")
    process.receive(timeout=10)
store = kv_store.start_link()
print(kv_store.put("a", 1), len(pids) > 0)
"""


def limited(soft: int, hard: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_soft_limit_of_descriptors_is_raised_to_the_hard_one(tmp_path: Path) -> None:
    done = run("-c", MANY, cwd=tmp_path, preexec_fn=limited(40, 4096))
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok True\n", "")


@pytest.mark.parametrize("limit", [40, 100])
def test_without_descriptors_a_spawn_raises_and_the_node_goes_on(
    tmp_path: Path, limit: int
) -> None:
    done = run("-c", MANY, cwd=tmp_path, preexec_fn=limited(limit, limit))
    assert (done.returncode, done.stderr) == (0, "")
    error, went_on = done.stdout.splitlines()
    assert "ulimit -n" in error
    assert went_on == "ok True"


FORKS = """
import os
from otp import process

me, pids = process.self(), []
def begins():
    process.send(me, "begun")
    process.receive()
try:
    while True:
        pids.append(process.spawn(begins))
        process.receive(timeout=10)
except OSError:
    pass
end, ends = os.pipe()
for _ in range(3):
    told, tells = os.pipe()
    if not os.fork():
        try:
            os.close(ends)
            process.self()
            os.write(tells, b"a process")
            os.read(end, 1)
        except OSError as error:
            os.write(tells, str(error).encode())
        finally:
            os._exit(0)
    print(os.read(told, 1000).decode())
print(all(map(process.is_alive, pids)))
"""


def test_one_that_cannot_be_attached_for_want_of_descriptors_is_told_so(tmp_path: Path) -> None:
    done = run("-c", FORKS, cwd=tmp_path, preexec_fn=limited(48, 48))
    assert (done.returncode, done.stderr) == (0, "")
    *outcomes, error, alive = done.stdout.splitlines()
    assert set(outcomes) <= {"a process", error}
    assert "cannot be a process of the node" in error
    assert "ulimit -n" in error
    assert alive == "True"


THREADS = """
import threading
from otp import process
told, go_on = threading.Barrier(41), threading.Event()
outcomes = []
def thread():
    try:
        process.self()
        outcomes.append("a process")
    except OSError as error:
        outcomes.append(str(error).partition("; ")[2])
    told.wait()
    go_on.wait()
process.self()
threads = [threading.Thread(target=thread) for _ in range(40)]
for thread in threads:
    thread.start()
told.wait()
print(sorted(set(outcomes)))
go_on.set()
for thread in threads:
    thread.join()
pid, ref = process.spawn_monitor(len, "x")
print(process.receive(timeout=10).reason)
"""


def test_a_thread_is_a_process_or_hears_why_not(tmp_path: Path) -> None:
    done = run("-c", THREADS, cwd=tmp_path, preexec_fn=limited(64, 64))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["['a process', 'raise the limit (ulimit -n)']", "normal"]


DAEMON = """
import os, sys
from otp import gen_server, node, process
from otp.examples import kv_store

def standard():
    found = {}
    for fd in range(3):
        try:
            found[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            pass
    return found

def prints(owner):
    print("printed")
    os.system("echo echoed; echo echoed >&2")
    process.send(owner, standard())

kv_store.start_link()
process.spawn_link(prints, process.self())
inside = process.receive(timeout=10)
os.system("echo echoed; echo echoed >&2")
kv_store.put("a", 1)
with open(sys.argv[1], "w") as out:
    mailboxes = [path for path in standard().values() if "/p/" in path]
    print(kv_store.get("a"), inside, mailboxes, file=out)
"""


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]], ids=str)
def test_a_program_without_standard_streams_has_mailboxes_that_nobody_prints_into(
    tmp_path: Path, closed: list[int]
) -> None:
    said = tmp_path / "said"
    done = subprocess.run(
        [sys.executable, "-c", DAEMON, said], cwd=tmp_path, timeout=30, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, preexec_fn=lambda: [*map(os.close, closed)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0
    assert said.read_text() == f"1 {dict.fromkeys(range(3), '/dev/null')} []\n"


CLOSES = """
import os
from otp import node, process
process.self()
os.closerange(3, 100)
if {stops}:
    node.stop()
    print(process.is_alive(process.self()))
    os.closerange(3, 100)
"""


@pytest.mark.parametrize(("stops", "prints"), [(True, "True\n"), (False, "")])
def test_a_program_that_closes_all_it_finds_open_ends_in_order(
    stops: bool, prints: str, tmp_path: Path
) -> None:
    done = run("-c", CLOSES.format(stops=stops), cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, prints, "")


def sends_a_parcel(server: Pid) -> None:
    process.send(server, bytes(100_000))
    process.receive()


@pytest.mark.parametrize("left_behind", [False, True])
def test_a_server_without_descriptors_outlives_who_has_sent_it_parcels(left_behind: bool) -> None:
    """What the dead sender has left is removed, at the latest when there are descriptors again."""
    server = witness.start()
    sender = process.spawn(sends_a_parcel, server)
    assert expect() == ("info", bytes(100_000))
    parcels = Path(node.current().directory, "parcels", str(server.id), str(sender.id))
    if left_behind:
        (parcels / "77").touch()
    before = gen_server.call(server, partial(limits_itself, 0))
    ref = process.monitor(sender)
    process.exit(sender, "kill")
    assert expect_down(ref) == "killed"
    gen_server.cast(server, lambda state: (state.tell("alive"), NoReply(state))[1])
    assert expect() == ("alive",)
    assert gen_server.call(server, partial(limits_itself, before))
    assert gen_server.call(server, partial(witness.echo, "swept")) == "swept"
    assert not parcels.exists()
    process.exit(server, "kill")


def limits_itself(soft: int, caller: Any, state: Any) -> Reply[Any]:
    """Answers with the limit until now; 0 is none more than there are."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not soft:
        soft = os.open("/", os.O_RDONLY)
        os.close(soft)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return Reply(before, state)
