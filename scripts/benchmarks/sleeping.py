"""Preloaded where waiting is to be measured without spinning: the window stays closed for ever."""

from otp.runtime.mailbox import Mailbox


def _never(mailbox: Mailbox) -> bool:
    return bool(mailbox._has_come(0))  # noqa: SLF001


_known = {"_try", "_has_come"} <= {*dir(Mailbox), *Mailbox.__init__.__code__.co_names}
if not _known:
    raise ImportError("a mailbox tries in another way: this must be told how to stop it")
Mailbox._try = _never  # type: ignore[method-assign]  # noqa: SLF001
