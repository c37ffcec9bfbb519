"""The leak check sees what a test could leave behind, and the waiting helpers wait."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from otp import process
from tests.expecting import at_most, expect, expect_down, expect_nothing
from tests.footprint import footprint, leftovers


def test_a_process_is_seen_until_it_has_ended(runtime_directory: Path) -> None:
    me = process.self()
    before = footprint(runtime_directory)
    pid, ref = process.spawn_monitor(lambda: (process.send(me, os.getpid()), process.receive()))
    os_pid = expect(int)
    assert f"process {os_pid} " in str(leftovers(before, runtime_directory, within=0))
    process.exit(pid, "kill")
    assert expect_down(ref) == "killed"
    assert not leftovers(before, runtime_directory, within=2)


def test_a_name_is_seen(runtime_directory: Path) -> None:
    me = process.self()
    before = footprint(runtime_directory)
    process.register("seen", me)
    (left,) = leftovers(before, runtime_directory, within=0)
    assert left.endswith("names/seen")


def test_a_descriptor_is_seen(runtime_directory: Path) -> None:
    before = footprint(runtime_directory)
    fd = os.open("/dev/null", os.O_RDONLY)
    assert leftovers(before, runtime_directory, within=0) == [f"descriptor {fd} /dev/null"]
    os.close(fd)


def test_a_thread_and_its_mailbox_are_seen(runtime_directory: Path) -> None:
    before = footprint(runtime_directory)
    told, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: (process.self(), told.set(), done.wait()), name="odd")
    thread.start()
    try:
        assert told.wait(5)
        left = leftovers(before, runtime_directory, within=0)
    finally:
        done.set()
        thread.join()
    assert [line.split()[0] for line in left] == ["file", "file", "thread"]
    assert not leftovers(before, runtime_directory, within=2)


def test_what_is_linked_to_a_test_ends_with_it() -> None:
    process.spawn_link(process.receive)


def test_a_message_is_expected_by_value_class_or_function() -> None:
    for message in ("a", 2, "c"):
        process.send(process.self(), message)
    assert expect("c") == "c"
    assert expect(int) == 2
    assert expect(lambda message: message < "b") == "a"
    expect_nothing()


def test_a_message_that_does_not_come_fails_the_test_and_shows_what_came() -> None:
    process.send(process.self(), "other")
    with pytest.raises(pytest.fail.Exception, match=r"no message 'this'.*holds \['other'\]"):
        expect("this", within=0.01)


def test_an_unexpected_message_fails_the_test() -> None:
    process.send(process.self(), "news")
    with pytest.raises(pytest.fail.Exception, match="news"):
        expect_nothing()


def waits() -> None:
    process.receive(lambda message: False)


def never_waits_for_long() -> None:
    while True:
        with at_most(5):
            process.processes()


@pytest.mark.parametrize("hangs", [waits, never_waits_for_long])
def test_who_hangs_in_the_library_fails_whatever_limits_are_inside(hangs) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"not done within 0\.02 s"), at_most(0.02):
        hangs()
