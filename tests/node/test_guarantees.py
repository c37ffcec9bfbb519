"""What you may rely on: one test for each row of the table in README.md."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from pickle import PicklingError
from time import monotonic
from typing import Any

import pytest

from otp import gen_server, node, process
from otp.errors import BadRequest, CallError, ServerDied
from otp.gen_server import NoReply, Reply
from otp.runtime import here
from otp.terms import Crash, Down, Exit, From, Pid
from tests.expecting import at_most, expect, expect_down, expect_nothing
from tests.footprint import parcels
from tests.programs import Program, gone, launchers, program
from tests.servers import awkward, chatterbox, crasher, listener, sleeper, witness
from tests.servers.counter import Counter

MANY = 50_000
ENOUGH = 5000  # to fill a pipe twice, where each message that does not fit takes a detour


# ---- 1


@pytest.mark.parametrize("receiver", ["floods back", "sleeps", "is stopped"])
def test_1_order_once(receiver: str, tmp_path: Path) -> None:
    me = process.self()
    if receiver == "floods back":
        one, other = (process.spawn_link(listener.floods_back, me, MANY) for _ in range(2))
        process.send(one, other)
        process.send(other, one)
        assert expect(tuple, within=10) == ("in order", True)
    else:
        until = (
            partial(sleeper.sleeps_until, str(tmp_path / "go")) if receiver == "sleeps" else bool
        )
        count = ENOUGH if receiver == "is stopped" else MANY
        pid = process.spawn_link(listener.hears_a_flood, me, count, until)
        os_pid = expect(int)
        if receiver == "is stopped":
            os.kill(os_pid, signal.SIGSTOP)
        with at_most(10):
            chatterbox.floods(pid, count)
        (tmp_path / "go").touch()
        os.kill(os_pid, signal.SIGCONT)
    assert expect(tuple, within=10) == ("in order", True)


# ---- 2

ENDS = [crasher.returns, crasher.raises, crasher.signals, crasher.segfaults,
        partial(crasher.leaves_at_once, 3), partial(crasher.exits, "boom")]  # fmt: skip


@pytest.mark.parametrize("stopped", [False, True], ids=["it listens", "its pipe is full"])
@pytest.mark.parametrize("end", ENDS, ids=lambda end: getattr(end, "func", end).__name__)
def test_2_last_words_come_before_the_news_of_death(end: Callable[[], Any], stopped: bool) -> None:
    count = 3000 if stopped else 100

    def talks() -> None:
        process.receive()
        chatterbox.floods(receiver, count)
        process.send(receiver, bytes(100_000))
        end()

    receiver = process.spawn_link(listener.hears_last_words, process.self(), count)
    os_pid = expect(int)
    sender, ref = process.spawn_monitor(talks)
    process.send(receiver, sender)
    expect("linked")
    if stopped:
        os.kill(os_pid, signal.SIGSTOP)
    process.send(sender, "go")
    expect_down(ref)
    if stopped:
        os.kill(os_pid, signal.SIGCONT)
    assert expect(tuple) == (True, [Exit, Down])


# ---- 3


def test_3_a_killed_sender_harms_no_mailbox() -> None:
    """It is killed at any moment of a flood; another one is heard in the midst of it and after."""
    me, chance = process.self(), random.Random(3)
    for _ in range(15):
        calm = process.spawn_link(chatterbox.floods, me, 500)
        wild, ref = process.spawn_monitor(chatterbox.talks_for_ever, me)
        last = {calm: -1, wild: -1}
        kill_at, down = chance.randrange(1, 1500), None
        while down is None or last[calm] < 499:
            match expect():
                case Down() as down:
                    assert down == Down(ref, wild, "killed")
                case (sender, number):
                    assert number == last[sender] + 1
                    last[sender] = number
                    if (sender, number) == (wild, kill_at):
                        os.kill(process.info(wild)["os_pid"], signal.SIGKILL)


# ---- 4


@pytest.mark.parametrize("receiver", ["computes", "is stopped"])
def test_4_cast_and_send_never_wait(receiver: str, tmp_path: Path) -> None:
    server = gen_server.start_link(Counter, 0)
    if receiver == "computes":
        process.send(server, ("busy until", str(tmp_path / "go")))
    else:
        os.kill(process.info(server)["os_pid"], signal.SIGSTOP)
    longest = 0.0
    for number in range(ENOUGH):
        begin = monotonic()
        with at_most(5):
            gen_server.cast(server, number)
            process.send(server, number)
        longest = max(longest, monotonic() - begin)
    assert longest < 2
    (tmp_path / "go").touch()  # only now is it free to listen
    os.kill(process.info(server)["os_pid"], signal.SIGCONT)
    assert gen_server.call(server, "count", 20) == 2 * ENOUGH


# ---- 5


@pytest.mark.parametrize("trap", [False, True], ids=["dies", "traps"])
@pytest.mark.parametrize("busy", sleeper.WAYS)
def test_5_an_exit_signal_is_honoured_at_once(busy: Callable[..., None], trap: bool) -> None:
    server = witness.start(trap=trap)
    ref = process.monitor(server)
    gen_server.cast(server, lambda state: busy(state.owner, trap))
    expect(sleeper.BEGUN)
    process.exit(server, "boom")
    if trap:
        assert process.is_alive(server)
        process.exit(server, "kill")
    assert expect_down(ref, within=2) == ("killed" if trap else "boom")
    expect_nothing()  # terminate was not called


def test_5_who_traps_gets_a_message_after_its_callback(tmp_path: Path) -> None:
    server, path = witness.start(trap=True), str(tmp_path / "go")

    def until_told(state):
        state.tell("begun")
        while not os.path.exists(path):
            pass
        return NoReply(state)

    gen_server.cast(server, until_told)
    expect(("begun",))
    process.exit(server, "boom")
    assert process.is_alive(server)
    (tmp_path / "go").touch()
    assert expect() == ("info", Exit(process.self(), "boom"))
    process.exit(server, "kill")


# ---- 6


VICTIMS: dict[str, Callable[[Program], list[int]]] = {
    "the program": lambda program: [program.os_pid],
    "the kernel": lambda program: [program.pids["kernel"]],
    "the launchers": lambda program: launchers(program.pids["kernel"]),
    "kernel and launchers": lambda p: [p.pids["kernel"], *launchers(p.pids["kernel"])],
    "all but one worker": lambda p: [p.os_pid, *(set(p.node()) - {p.pids["idle"]})],
    "all but a busy worker": lambda p: [p.os_pid, *(set(p.node()) - {p.pids["computing"]})],
}


@pytest.mark.parametrize("victims", VICTIMS)
def test_6_nothing_is_left_behind(victims: str, tmp_path: Path) -> None:
    with program(tmp_path / "run", "motley", "deaf" * (victims == "the program")) as running:
        everyone = running.node()
        assert set(running.pids.values()) <= set(everyone)
        running.kill(*VICTIMS[victims](running))
        assert gone(everyone, within=2)
        assert running.node() == []
        assert os.listdir(running.directory) == []


def test_6_the_trees_of_a_program_that_died_are_shut_down_in_order(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    with program(tmp_path / "run", "diaries", str(diary)) as running:
        everyone = running.node()
        running.kill(running.os_pid)
        assert gone(everyone, within=2)
        assert diary.read_text() == "c shutdown\nb shutdown\na shutdown\n"
        assert os.listdir(running.directory) == []


# ---- 7


UNSENDABLE: dict[str, Callable[[Pid, Any], Any]] = {
    "a message": process.send,
    "a cast": gen_server.cast,
    "a call": gen_server.call,
    "a request": gen_server.send_request,
    "a stop": gen_server.stop,
    "an argument": lambda server, value: process.spawn(print, value),
    "an argument of init": lambda server, value: gen_server.start(Counter, value),
    "a timer's message": lambda server, value: process.send_after(0, server, value),
    "a reply": lambda server, value: gen_server.reply(From(server, 1), value),
}


@pytest.mark.parametrize("what", UNSENDABLE)
def test_7_a_bad_message_harms_nobody(what: str) -> None:
    """What cannot be pickled raises at the sender and changes nothing."""
    server = gen_server.start_link(Counter, 0)
    before = process.processes()
    for padding in (b"", bytes(100_000)):
        with pytest.raises(PicklingError, match="lock"):
            UNSENDABLE[what](server, (awkward.unpicklable(), padding))
    assert gen_server.call(server, "count") == 0
    assert process.processes() == before
    assert not {**here.current().mailbox.awaited, **here.current().monitors}
    assert parcels(node.current().directory) == []
    expect_nothing()


@pytest.mark.parametrize("padding", [b"", bytes(100_000)], ids=["short", "long"])
def test_7_what_cannot_be_unpickled_never_kills_the_receiver(padding: bytes) -> None:
    server = gen_server.start_link(Counter, 0)
    unreadable = awkward.Unreadable(padding)
    process.send(server, unreadable)
    gen_server.cast(server, unreadable)
    with pytest.raises(BadRequest, match="cannot be built here") as caught:
        gen_server.call(server, unreadable)
    assert caught.value.reason == Crash(ValueError("cannot be built here"))
    gen_server.cast(server, "readable")
    assert gen_server.call(server, "count") == 1
    assert parcels(node.current().directory) == []


def test_7_an_unreadable_reply_is_an_error_of_the_call() -> None:
    server = witness.start()
    with pytest.raises(CallError) as caught:
        gen_server.call(server, lambda caller, state: Reply(awkward.Unreadable(), state))
    assert caught.value.reason == Crash(ValueError("cannot be built here"))
    assert gen_server.call(server, lambda caller, state: Reply("alive", state)) == "alive"
    process.exit(server, "kill")


def test_7_a_reply_that_cannot_be_sent_is_a_crash_of_the_server() -> None:
    server = witness.start()
    with pytest.raises(ServerDied, match="lock") as caught:
        gen_server.call(server, lambda caller, state: Reply(awkward.unpicklable(), state))
    assert isinstance(caught.value.reason.exception, PicklingError)


# ---- 8


def test_8_only_the_owner_gets_in() -> None:
    """Whatever a node has in its directory is closed to others, and so is that directory."""
    directory = Path(node.current().directory)
    process.register("somebody", process.self())
    modes = {path: path.lstat().st_mode & 0o777 for path in (directory.parent, directory)}
    modes |= {path: path.lstat().st_mode & 0o777 for path in directory.rglob("*")
              if not path.is_symlink()}  # fmt: skip
    assert modes[directory] == modes[directory.parent] == 0o700
    assert not [path for path, mode in modes.items() if mode & 0o077]
    assert {path.stat().st_uid for path in modes} == {os.geteuid()}


@pytest.mark.parametrize("flaw", ["open to others", "of somebody else", "a symlink"])
def test_8_a_directory_that_is_not_ours_alone_is_refused(
    flaw: str, fresh_node: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "run"
    monkeypatch.setenv("OTP_RUNTIME_DIR", str(base))
    if flaw == "a symlink":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        base.symlink_to(tmp_path / "elsewhere")
    else:
        base.mkdir(mode=0o750 if flaw == "open to others" else 0o700)
    if flaw == "of somebody else":
        if os.geteuid() != 0:
            pytest.skip("only root can give a directory away")
        os.chown(base, 12345, 12345)
    with pytest.raises((PermissionError, NotADirectoryError), match=str(base)):
        process.self()
    assert os.listdir(base) == []
