"""Programs of all kinds: a script, the prompt, a thread; what they are told when a node fails."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.programs import gone, program, run

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


DEAF = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
from otp import gen_server, process
from otp.examples import kv_store
from tests.servers import sleeper
pid, ref = process.spawn_monitor(sleeper.sleeps, process.self())
process.receive(timeout=10)
process.exit(pid, "boom")
print(process.receive(timeout=10).reason)
kv_store.start_link()
gen_server.stop("kv_store")
"""


def test_a_program_that_blocks_signals_has_a_node_that_hears_them(tmp_path: Path) -> None:
    done = run("-c", DEAF, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "boom\n", "")


IGNORES = """
import os, signal
for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM, signal.SIGCHLD):
    signal.signal(ignored, signal.SIG_IGN)
from otp import process
from tests.servers import sleeper
for sent in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
    pid, ref = process.spawn_monitor(sleeper.sleeps, process.self())
    process.receive(timeout=10)
    os.kill(process.info(pid)["os_pid"], sent)
    print(process.receive(timeout=10).reason.name)
"""


def test_what_a_program_ignores_its_processes_hear(tmp_path: Path) -> None:
    done = run("-c", IGNORES, cwd=tmp_path)
    assert done.stdout.split() == ["SIGTERM", "SIGINT", "SIGHUP", "SIGALRM"]
    assert (done.returncode, done.stderr) == (0, "")


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
