"""What a process's way of ending is to a monitor, and to a linked process that traps exits."""

from otp import process
from otp.terms import Exit
from tests.conformance.lib import tr

HOW = "returns", "exit_r", "exit_normal", "error_r", "throw_v", "kill_signal", "exit_kill"


def main():
    process.trap_exit(True)
    for how in HOW:
        p = tr.proc_link("worker", worker, how)
        ref = tr.watch(p)
        if how == "kill_signal":
            process.exit(p, "kill")
        else:
            process.send(p, "go")
        tr.p((how, "monitor", tr.reason_of(ref), "link", exit_of(p)))


def worker(how):
    process.receive(lambda m: m == "go")
    die(how)


def exit_of(p):
    try:
        return process.receive(lambda m: isinstance(m, Exit) and m.pid == p, 2.0).reason
    except TimeoutError:
        return "nothing"


def die(how):
    match how:
        case "returns":
            return "some_value"
        case "exit_r":
            process.exit("r")
        case "exit_normal":
            process.exit("normal")
        case "error_r":
            tr.error("r")
        case "throw_v":  # an uncaught throw is an error of this form
            tr.error(("nocatch", "v"))
        case "exit_kill":
            process.exit("kill")
