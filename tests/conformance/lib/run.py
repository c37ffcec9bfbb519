"""Run one scenario and print its trace: ``python -m tests.conformance.lib.run gs_kv_store``.

`main` runs in a process of its own. When it returns it parks, so that nothing that is linked to it
dies while the trace is printed; what happens afterwards is not recorded.
"""

from __future__ import annotations

import importlib
import sys

from otp import gen_server, node, process
from otp.terms import Down, Pid
from tests.conformance.lib import tr
from tests.conformance.lib.collector import Collector

LIMIT = 40.0  # seconds


def run(scenario: str) -> None:
    module = f"tests.conformance.{scenario}"
    node.start(preload=["tests.conformance.lib.collector", module])
    gen_server.start(Collector, None, name="tr")
    main, _ = process.spawn_monitor(_main, module, process.self())
    try:
        match process.receive(timeout=LIMIT):
            case Down(_, _, reason):
                tr.p(("main_exited", reason))
    except TimeoutError:
        tr.p("scenario_timeout")
    for line in gen_server.call("tr", ("dump",)):
        print(line)
    _halt(main)


def _main(module: str, runner: Pid) -> None:
    tr.name(process.self(), "main")
    importlib.import_module(module).main()
    process.send(runner, "tr_done")
    tr.park()


def _halt(main: Pid) -> None:
    """End at once, whatever still runs."""
    for pid in process.processes():
        if pid != process.self():
            process.exit(pid, "kill")
    node.stop()


if __name__ == "__main__":
    run(sys.argv[1])
