"""Programs of all kinds: a script, the prompt, a thread; what they are told when a node fails."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import ROOT, gone, program

SCRIPT = """
from otp import gen_server, process
from otp.gen_server import GenServer, NoReply, Ok, Reply

FACTOR = 2

class Doubler(GenServer[int]):
    def init(self, start):
        return Ok(start)

    def handle_call(self, request, caller, state):
        return Reply(times(request), state + 1)

def times(number):
    return FACTOR * number

server = gen_server.start_link(Doubler, 0, name="doubler")
print(gen_server.call("doubler", 21))

def tell(owner):
    process.send(owner, ("from a function", times(3)))

process.spawn(tell, process.self())
print(process.receive(timeout=10))

me = process.self()
process.spawn(lambda: process.send(me, [times(n) for n in range(3)]))
print(process.receive(timeout=10))
"""
PRINTS = ["42", "('from a function', 6)", "[0, 2, 4]"]


def run(*arguments: str | Path, text: str | None = None, **options: object):
    return subprocess.run(
        [sys.executable, *arguments], input=text, capture_output=True, text=True, timeout=30,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, **options,
    )  # fmt: skip


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = run(script, cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, PRINTS, "")


def test_a_program_on_the_command_line(tmp_path: Path) -> None:
    done = run("-c", SCRIPT, cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, PRINTS, "")


PROMPT = """\
from otp import gen_server, process
from otp.gen_server import GenServer, Ok, Reply
class Doubler(GenServer[int]):
    def init(self, start):
        return Ok(start)
    def handle_call(self, request, caller, state):
        return Reply(times(request), state + 1)

def times(number):
    return FACTOR * number

FACTOR = 2
server = gen_server.start_link(Doubler, 0)
gen_server.call(server, 21)
FACTOR = 3
me = process.self()
pid = process.spawn(lambda: process.send(me, times(3)))
process.receive(timeout=10)
"""


def test_a_session_at_the_prompt(tmp_path: Path) -> None:
    done = run("-i", "-q", text=PROMPT, cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()) == (0, ["42", "9"])
    assert set(done.stderr.split()) == {">>>", "..."}


def test_a_thread_of_a_program(tmp_path: Path) -> None:
    body = "\n".join(f"    {line}" for line in SCRIPT.splitlines())
    source = f"import threading\ndef run():\n    global times, FACTOR\n{body}\n"
    source += "thread = threading.Thread(target=run)\nthread.start()\nthread.join()\n"
    done = run("-c", source, cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, PRINTS, "")


def test_a_program_that_imports_and_does_nothing_starts_no_node(tmp_path: Path) -> None:
    done = run("-c", "from otp import gen_server, process, supervisor", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_exit_that_nobody_traps_ends_a_script_with_its_reason(tmp_path: Path) -> None:
    done = run("-c", "from otp import process; process.exit('enough')", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("otp.errors.ProcessExit: enough\n")


def test_a_crash_of_a_server_is_shown_where_it_was_called(tmp_path: Path) -> None:
    source = SCRIPT + "process.unlink(server)\ngen_server.call(server, None)\n"
    done = run("-c", source, cwd=tmp_path)
    assert done.returncode == 1
    assert "in times" in done.stderr
    assert "TypeError: unsupported operand" in done.stderr
    assert "ServerDied: " in done.stderr.splitlines()[-1]


def test_the_keyboard_ends_the_program_and_the_program_its_node(tmp_path: Path) -> None:
    with program(tmp_path / "run", "motley") as running:
        os.kill(running.os_pid, signal.SIGINT)
        _, told = running.popen.communicate(timeout=10)
        assert b"KeyboardInterrupt" in told
        assert running.node() == []
        assert os.listdir(running.directory) == []


def test_a_program_outlives_its_node_and_is_told_so(tmp_path: Path) -> None:
    source = """
import os, signal
from otp import node, process
from otp.errors import NodeDown
first = process.self()
kernel = node.current().os_pid
os.kill(kernel, signal.SIGKILL)
os.waitid(os.P_PID, kernel, os.WEXITED | os.WNOWAIT)
try:
    process.receive(timeout=5)
except NodeDown as error:
    print(error)
node.stop()
print(process.self() != first, process.is_alive(first))
"""
    done = run("-c", source, cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "the node has ended; otp.node.start() begins a new one", "True False",
    ]  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("how", ["exit", "raise", "abort", "os._exit"])
def test_a_program_that_ends_by_itself_leaves_nothing(how: str, tmp_path: Path) -> None:
    with program(tmp_path / "run", "ends", how) as running:
        assert gone([running.os_pid, *running.node()], within=2)
        assert running.node() == []
        assert os.listdir(running.directory) == []


# ---- descriptors

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


def limited(soft: int, hard: int):
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
