"""A child that can never be started again exhausts the intensity."""

from otp import process, supervisor
from tests.conformance.lib import tr, wk


def main():
    process.trap_exit(True)
    sup = start_link()
    tr.name(sup, "sup")
    wk.crash("w", "boom")
    tr.p(("parent_got", process.receive()))


def start_link():
    never = dict.fromkeys(range(2, 21), ("stop", "never"))
    children = [wk.spec("s", {"trap": True}), wk.spec("w", {"fail": never})]
    return supervisor.start_link(children, intensity=3, period=10)
