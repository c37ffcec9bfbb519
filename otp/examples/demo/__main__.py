"""The acts of the demo, in order."""

from __future__ import annotations

import faulthandler
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from otp import node, process, supervisor
from otp.errors import OtpError
from otp.examples import kv_store
from otp.examples.demo import crowd, deaths, screen, sessions, shop, tree
from otp.examples.demo.reports import VARIABLE, Reports
from otp.node import Node
from otp.terms import Down

TOO_LONG: Final = 30.0  # seconds until a demo that hangs shows where, and ends
PRELOAD: Final = (
    "otp.examples.demo.reports", "otp.examples.demo.shop", "otp.examples.demo.crowd",
)  # fmt: skip


def main() -> int:
    faulthandler.dump_traceback_later(TOO_LONG, exit=True)
    screen.open_for_any_encoding()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # os.abort shall leave no file behind
    try:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "reports")
            os.environ[VARIABLE] = str(path)
            play(Reports(path))
    except screen.NotAsAnnounced as error:
        return failed(str(error))
    except (OtpError, TimeoutError) as error:
        return failed(f"{type(error).__name__}: {error}")
    return 0


def failed(why: str) -> int:
    print(f"demo: not as announced: {why}", file=sys.stderr)
    return 1


def play(reports: Reports) -> None:
    started = time.monotonic()
    here = node.start(name="demo", preload=PRELOAD)
    sessions.play()

    screen.title("A supervision tree: every line is an OS process")
    plant(here)
    screen.title("Five ways to die")
    for death in deaths.DEATHS[:4]:
        deaths.suffer(death, reports)
    deaths.trap(reports)
    for death in deaths.DEATHS[4:]:
        deaths.suffer(death, reports)

    crowd.play()

    screen.title("An orderly end")
    everyone = processes(here)
    fell()
    vanish(here, everyone)
    screen.show()
    screen.show(f"All as announced, in {time.monotonic() - started:.1f} s.")


def plant(here: Node) -> None:
    shop.start_link()
    screen.show(f"Its kernel is OS pid {here.os_pid}, its pipes are in {here.directory}")
    kv_store.put("name", "Ada")
    tree.draw(tree.rows("shop"))
    screen.confirm("the store answers", held=kv_store.get("name") == "Ada")


def fell() -> None:
    """Stop the tree; whoever was started last must be the first to go."""
    named = [row for row in tree.rows("shop") if row.name != "runner"]
    watches = {process.monitor(row.pid): row.name for row in named}
    screen.announce("supervisor.stop('shop'): last started, first stopped, one after another.")

    began = time.perf_counter()
    supervisor.stop("shop", timeout=deaths.PATIENCE)
    order = []
    for _ in watches:
        down = process.receive(
            lambda m: isinstance(m, Down) and m.ref in watches, timeout=deaths.PATIENCE
        )
        order.append(watches[down.ref])
    took = time.perf_counter() - began

    children_last = ["pool", "slow_fetch", "ticker", "workers", "rate_limiter", "kv_store", "shop"]
    screen.confirm(f"{', '.join(order)}, in {took * 1000:.1f} ms", held=order == children_last)


def processes(here: Node) -> list[psutil.Process]:
    """The kernel and all that descends from it."""
    kernel = psutil.Process(here.os_pid)
    return [kernel, *kernel.children(recursive=True)]


def vanish(here: Node, everyone: list[psutil.Process]) -> None:
    screen.announce("node.stop(): no process, no file and no directory is left.")
    node.stop()
    _, alive = psutil.wait_procs(everyone, timeout=2)
    screen.confirm(f"all {len(everyone)} processes of the node have ended", held=not alive)

    children = psutil.Process().children(recursive=True)
    screen.confirm("this program has no child left", held=not children)
    gone = not Path(here.directory).exists()
    screen.confirm(f"{here.directory} is gone", held=gone)


if __name__ == "__main__":
    sys.exit(main())
