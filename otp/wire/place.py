"""Where a node lives: its runtime directory.

    BASE/                       $OTP_RUNTIME_DIR, else $XDG_RUNTIME_DIR/otp, else
                                /dev/shm/otp-UID or the temp directory's otp-UID
      NODE/                     one a node
        lock                    held by the kernel as long as it lives
        p/12                    the mailbox pipe of <0.12.0>; p/0 is the kernel's
        names/%2Fodd%20name     a symlink to the serial number of who has the name
        parcels/12/             payloads too long for a frame, for <0.12.0>

Whoever can write here can make our processes load pickles, that is: run code. So the base must be
a directory of ours that nobody else may enter (0700); anything else is refused, never repaired.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import lru_cache
from urllib.parse import quote

_LONGEST_NAME = 200
_TRIES = 1000
_SERIAL = re.compile(r"[0-9]{1,10}")
_NODE = re.compile(r"\w+-\d+-[0-9a-f]{8}")
_PARTS = {"lock", "lock.new", "names", "p", "parcels"}


def _temp() -> str:
    """As `tempfile` finds it, which loads compressors and more: too much where all is forked."""
    wanted = [os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")]
    for path in (*wanted, "/tmp", "/var/tmp", "/usr/tmp"):
        if path and os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK):
            return os.path.abspath(path)
    return os.getcwd()


_TEMP = _temp()  # asked for once: a signal handler needs it


@dataclass(frozen=True, slots=True)
class Place:
    """The paths of one node. `root` is its directory, `spare` another one on a larger disk."""

    root: str

    def pipe(self, serial: int) -> str:
        return f"{self.root}/p/{serial}"

    @property
    def id(self) -> str:
        return self.root.rpartition("/")[2]

    @property
    def names(self) -> str:
        return f"{self.root}/names"

    @property
    def parcels(self) -> str:
        return f"{self.root}/parcels"

    @property
    def spare(self) -> str:
        """Where parcels go that find no room: beside the temp directory, made when needed."""
        return os.path.join(_TEMP, f"otp-{os.geteuid()}-parcels-{self.id}")

    def roots(self) -> list[tuple[bytes, str]]:
        """Where parcels may lie, each with the letter of its tickets.

        The temp directory is everybody's. Who can read the kernel's command line can make our
        spare directory there before we need it, as a directory of his own, or a link to one of
        ours: so what is not ours alone does not count, for writing, reading or removing.
        """
        near = [(b"n", self.parcels)]
        return [*near, (b"s", self.spare)] if is_ours(self.spare) else near

    def name(self, name: str) -> str:
        return f"{self.root}/names/{quoted(name)}"

    def whereis(self, name: str) -> int | None:
        """The serial number of who has this name. One system call, no question to anyone."""
        try:
            found = os.readlink(self.name(name))
        except OSError as error:  # there is none; or this cannot be a name at all
            if error.errno is None:  # but this is the TimeoutError of somebody's alarm
                raise
            return None
        return int(found) if _SERIAL.fullmatch(found) else None  # somebody else may have made it

    def make(self) -> None:
        for path in (self.root, f"{self.root}/p", self.names, self.parcels):
            make_directory(path)

    def lock(self) -> int:
        """Hold the node's lock as long as the descriptor is open.

        It is locked before it gets its name: a sweep never finds a lock that nobody holds yet.
        """
        fd = os.open(f"{self.root}/lock.new", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        flock(fd, LOCK_EX)
        os.rename(f"{self.root}/lock.new", f"{self.root}/lock")
        return fd

    def is_left_behind(self) -> bool:
        """Whether the kernel of this node is dead, or its program died before there was one."""
        try:
            if not _PARTS.issuperset(os.listdir(self.root)):
                return False  # whatever it is, no node
            fd = os.open(f"{self.root}/lock", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return not os.path.exists(f"/proc/{self.id.split('-')[-2]}")
        except OSError:  # a lock that is none, a directory of another user: neither is a node
            return False
        try:
            flock(fd, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(fd)
        return True

    def remove(self) -> None:
        """Leave nothing behind."""
        remove_tree(self.root)
        if is_ours(self.spare):
            remove_tree(self.spare)


def make_directory(path: str) -> None:
    """A directory for this user only, whatever the user's umask takes away from new ones."""
    os.mkdir(path, 0o700)
    os.chmod(path, 0o700)


def remove_tree(path: str) -> None:
    """Remove a directory with all that is in it, or comes into it meanwhile.

    Two may try at once, and each would give up a directory from which the other just removes the
    last file: so it is tried again until it is gone. What is no directory goes too, but not what a
    link leads to.
    """
    with suppress(OSError):
        os.unlink(path)
    for _ in range(_TRIES):
        for directory, directories, files in os.walk(path, topdown=False):
            for name in (*directories, *files):  # the first may be links
                with suppress(OSError):
                    os.unlink(f"{directory}/{name}")
            with suppress(OSError):
                os.rmdir(directory)
        if not os.path.exists(path):
            break


@lru_cache(maxsize=4096)
def quoted(name: str) -> str:
    """The name as a file name: any string, one to one, never too long.

    >>> quoted("kv"), quoted("a/b c"), quoted("..")
    ('kv', 'a%2Fb%20c', '%2E%2E')
    """
    text = quote(name, safe="", errors="surrogatepass").replace(".", "%2E")
    if len(text) > _LONGEST_NAME:
        from hashlib import sha256  # rarely needed, and it loads all of OpenSSL

        return "%" + sha256(name.encode(errors="surrogatepass")).hexdigest()
    return text


def base() -> str:
    """The directory that holds this user's nodes, made if need be.

    Raises `PermissionError` if it belongs to someone else or others may enter it, and
    `NotADirectoryError` if it is something else.
    """
    chosen = os.path.abspath(os.environ.get("OTP_RUNTIME_DIR") or _default())
    try:
        os.makedirs(os.path.dirname(chosen), exist_ok=True)
        make_directory(chosen)
    except FileExistsError:
        pass
    _check(chosen)
    return chosen


def _default() -> str:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.access(runtime, os.W_OK) and _is_ours(runtime):
        return os.path.join(runtime, "otp")
    shared = "/dev/shm"
    parent = shared if os.access(shared, os.W_OK | os.X_OK) else _temp()
    return os.path.join(parent, f"otp-{os.geteuid()}")


def _is_ours(runtime: str) -> bool:
    """Whether this is not who has called `su` or ``sudo -E``, which leave the variable as it was.

    Root may write there, and would shut its owner out of the directory it makes.
    """
    return os.stat(runtime).st_uid == os.geteuid()


def _check(path: str) -> None:
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{path} is to hold the node's pipes, but is no directory")
    if found.st_uid != os.geteuid():
        raise PermissionError(
            f"{path} belongs to user {found.st_uid}; set OTP_RUNTIME_DIR to a directory of yours"
        )
    if found.st_mode & 0o077:
        raise PermissionError(
            f"{path} is open to other users (mode {stat.S_IMODE(found.st_mode):04o}); "
            f"chmod 700 it, or set OTP_RUNTIME_DIR to a directory that is"
        )


def is_ours(path: str) -> bool:
    """Whether it is there, a directory, and of this user alone."""
    try:
        _check(path)
    except OSError:
        return False
    return True


def sweep(directory: str) -> None:
    """Remove what dead nodes have left under this base."""
    for entry in os.scandir(directory):
        place = Place(entry.path)
        if entry.is_dir(follow_symlinks=False) and _NODE.fullmatch(entry.name):
            with suppress(FileNotFoundError, PermissionError):  # gone by now, or closed to us
                if place.is_left_behind():
                    place.remove()
