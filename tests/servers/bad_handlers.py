"""Logging that fails: a handler, a filter or a formatter of the user that raises."""

from __future__ import annotations

import logging
from collections.abc import Callable


class Raising(logging.Handler):
    def __init__(self, raises: type[BaseException]) -> None:
        super().__init__()
        self.raises = raises

    def emit(self, record: logging.LogRecord) -> None:
        raise self.raises("in a handler")


def handler(raises: type[BaseException]) -> None:
    """From now on, in this process, whatever is logged raises this."""
    logging.getLogger("otp").addHandler(Raising(raises))


def filters(raises: type[BaseException]) -> None:
    def refuse(record: logging.LogRecord) -> bool:
        raise raises("in a filter")

    for name in ("otp.gen_server", "otp.process", "otp.supervisor"):
        logging.getLogger(name).addFilter(refuse)


def formatter(raises: type[BaseException]) -> None:
    class Shapeless(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            raise raises("in a formatter")

    stream = logging.StreamHandler()
    stream.setFormatter(Shapeless())
    logging.getLogger("otp").addHandler(stream)


WAYS: list[Callable[[type[BaseException]], None]] = [handler, filters, formatter]
