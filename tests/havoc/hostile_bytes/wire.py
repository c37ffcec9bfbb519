"""What the wire promises of any bytes whatever: the targets of the fuzzer in `otp.wire`."""

from __future__ import annotations

import os
from pickle import PickleBuffer, UnpicklingError, dumps
from select import PIPE_BUF
from typing import Any, Final
from urllib.parse import unquote

from otp.runtime import mailbox
from otp.runtime.mailbox import Mailbox
from otp.wire import codec, frame, hearing, parcel, place, plain
from otp.wire import protocol as say
from otp.wire.frame import CorruptFrame, pack, split
from otp.wire.place import Place, quoted
from tests.havoc.hostile_bytes.fuzzing import Target
from tests.havoc.hostile_bytes.ground import ME, ground

_NEXT: Final = pack(say.MESSAGE, 1, 2, b"next")
_OF_PLAIN: Final = (UnpicklingError, EOFError, ValueError, LookupError, TypeError, OverflowError,
                    AttributeError)  # fmt: skip
_PLAIN: Final = (int, float, str, bytes, bytearray, bool, type(None))


class Broken(AssertionError):
    """A property does not hold."""


def hold(holds: object, what: str) -> None:
    if not holds:
        raise Broken(what)


# ---- frames


def frames_are_neither_lost_nor_invented(data: bytes) -> None:
    try:
        frames, rest = split(data)
    except CorruptFrame as error:
        frames, rest = error.frames, error.rest
        hold(len(rest) >= frame.HEAD, "no header was there to be refused")
    else:
        hold(len(rest) < PIPE_BUF, "a whole frame was left")
    hold(b"".join(pack(*each) for each in frames) + rest == data, "other bytes than went in")
    hold(all(len(each[3]) <= frame.ROOM for each in frames), "a frame that no write could write")
    for at in (1, len(data) // 2):
        _cut_in_two(data, at, frames)


def _cut_in_two(data: bytes, at: int, whole: list[frame.Frame]) -> None:
    """Read in two parts, the same comes out."""
    try:
        first, rest = split(data[:at])
        second, _ = split(rest + data[at:])
    except CorruptFrame:
        return
    hold([*first, *second] == whole, "cut in two, it is something else")


def a_mailbox_takes_out_what_was_put_in(data: bytes) -> None:
    """The same frames as the kernel hears, in their order; none stays in there."""
    reader = hearing.Hearing(ground().read, lambda size, why: None)
    ground().write(data)
    reader.read()
    frames = reader.frames()
    box, heard = Mailbox(ground().read, -1), list[frame.Frame]()
    box.signal = heard.append  # type: ignore[assignment]
    ground().write(data)
    box.pull()
    hold(
        [*box.arrived, *heard] == sorted(frames, key=_to_signal),
        "other frames than the kernel hears",
    )
    ground().write(_NEXT)
    box.arrived.clear()
    box.pull()
    hold(list(box.arrived) == [(say.MESSAGE, 1, 2, b"next")], "it swallows what comes next")


def _to_signal(each: frame.Frame) -> bool:
    return each[0] not in mailbox._MESSAGES


def a_pipe_is_heard_frame_by_frame(data: bytes) -> None:
    """Whatever came before, the next frame is heard."""
    dropped: list[int] = []
    reader = hearing.Hearing(ground().read, lambda size, why: dropped.append(size))
    ground().write(data)
    reader.read()
    frames = reader.frames()
    size = sum(len(pack(*each)) for each in frames)
    hold(size + sum(dropped) == len(data), "some bytes are neither heard nor dropped")
    ground().write(_NEXT)
    reader.read()
    hold(reader.frames() == [(say.MESSAGE, 1, 2, b"next")], "it swallows what comes next")


# ---- values


def only_plain_values_are_plain(data: bytes) -> None:
    try:
        value = plain.plain(data)
    except _OF_PLAIN:
        return
    _look_at(value)
    again = plain.plain(dumps(value, 5))
    hold(repr(again) == repr(value), "it does not come out as it went in")


def _look_at(value: Any) -> None:
    left, seen = [value], 0
    while left:
        seen += 1
        hold(seen < 100_000, "a few bytes have become a mountain")
        one = left.pop()
        if type(one) in (tuple, list):
            left += one
        elif type(one) is dict:
            left += [*one, *one.values()]
        else:
            hold(type(one) in _PLAIN, f"{type(one)} is no plain value")


def values_come_out_as_they_went_in(data: bytes) -> None:
    """Through a parcel, with whatever buffers."""
    parts = [bytearray(part) for part in data.split(b"/")]
    where = ground().place
    encoded = codec.encode([PickleBuffer(part) for part in parts])
    ticket = parcel.write(where, ME, 1, 1, *encoded)
    contents = parcel.open_parcel(where, ticket)
    hold(codec.decode(contents.data, contents.buffers) == parts, "other values than went in")


# ---- parcels


def a_parcel_is_whole_or_refused(data: bytes) -> None:
    where = ground().place
    with open(f"{where.parcels}/{ME}/1/1", "wb") as file:
        file.write(data)
    try:
        contents = parcel.open_parcel(where, b"n%d/1/1" % ME)
    except (OSError, ValueError):
        return
    finally:
        hold(not os.listdir(f"{where.parcels}/{ME}/1"), "the file stays")
    count, length = parcel._PAIR.unpack(data[-16:])
    index = data[-16 * (count + 1) : -16]
    wanted = [(0, length), *parcel._PAIR.iter_unpack(index)]
    found = [bytes(view) for view in (contents.data, *contents.buffers)]
    hold(found == [data[at : at + size] for at, size in wanted], "not what the index names")
    hold([len(one) for one in found] == [size for _, size in wanted], "less than the index names")


def a_ticket_names_a_parcel_or_nothing(data: bytes) -> None:
    where = Place("/node")
    try:
        path = parcel.path_of(where, data)
    except ValueError:
        return
    root, to, sender, number = path.rsplit("/", 3)
    hold(root in (where.parcels, where.spare), f"{path} is out of bounds")
    hold(all(part.isdecimal() for part in (to, sender, number)), f"{path} is no parcel's")


# ---- names


def a_name_is_a_file_name(data: bytes) -> None:
    name = data.decode(errors="surrogateescape")
    text = quoted(name)
    hold(text.isascii() and len(text) < 255, f"{text} is too long, or no file name everywhere")
    hold(not set(text) & set("/\0.") or not text, f"{text} leads elsewhere")
    if len(text) < 60:
        back = unquote(text, errors="surrogatepass")
        hold(back == name, f"{text} is also the name of {back!r}")


def whatever_a_name_leads_to_is_somebody_or_nobody(data: bytes) -> None:
    where = ground().place
    text = data.replace(b"\0", b"")[:1000]
    if not text:
        return
    os.symlink(text, where.name("planted"))
    try:
        found = where.whereis("planted")
    finally:
        os.unlink(where.name("planted"))
    hold(found is None or (found >= 0 and text.isdigit()), f"{text!r} leads to {found}")


# ---- what is real


_FRAMES: Final = (
    pack(say.MESSAGE, 2, 0, dumps("hello")),
    pack(say.CALL, 2, 7, dumps(("get", 1))) + pack(say.CAST, 3, 0, dumps(None)),
    pack(say.REPLY, 3, 7, dumps([1.5])) + pack(say.EXIT, 3, 0, dumps("normal")),
    pack(say.MESSAGE | say.PARCEL, 2, 0, b"n5/2/1"),
    pack(say.MESSAGE, 2, 0, bytes(frame.LIMIT)),
)
_VALUES: Final = tuple(
    dumps(value, 5)
    for value in (
        (), (1, True, None), ("name", -(2**70), 1.5, b"bytes"), {"a": [1, 2], "b": {}},
        ("x" * 300, b"y" * 300, bytearray(b"z")), ({"path": ["a", "a"]}, ("m", 3)), float("nan"),
    )
)  # fmt: skip
_PARCELS: Final = (
    b"pickle" + parcel._PAIR.pack(0, 6),
    b"pickle".ljust(64) + b"buffer" + parcel._PAIR.pack(64, 6) + parcel._PAIR.pack(1, 6),
    bytes(16),
    b"short",
)

TARGETS: Final = (
    Target("split", "no frame is lost or invented", (frame,), _FRAMES,
           frames_are_neither_lost_nor_invented),
    Target("hearing", "whatever came before, the next frame is heard", (frame, hearing), _FRAMES,
           a_pipe_is_heard_frame_by_frame),
    Target("mailbox", "it holds what a kernel hears, and hears what comes next", (frame, mailbox),
           _FRAMES, a_mailbox_takes_out_what_was_put_in),
    Target("plain", "plain values, or an error that it names", (plain,), _VALUES,
           only_plain_values_are_plain),
    Target("values", "values come out of a parcel as they went in", (codec, parcel),
           (b"", b"a/b", bytes(300) + b"/" + bytes(4000)), values_come_out_as_they_went_in),
    Target("parcel", "whole, or refused and gone", (parcel,), _PARCELS,
           a_parcel_is_whole_or_refused),
    Target("ticket", "a file among the parcels, or refused", (parcel,),
           (b"n5/2/1", b"s0/17/300", b"n../../x"), a_ticket_names_a_parcel_or_nothing),
    Target("name", "a file name, one to one", (place,), (b"kv", b"a/b c", b"..", b"x" * 250),
           a_name_is_a_file_name),
    Target("whereis", "somebody or nobody", (place,), (b"12", b"0", b"../12", b"-1"),
           whatever_a_name_leads_to_is_somebody_or_nobody),
)  # fmt: skip
