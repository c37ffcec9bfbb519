"""Who sends what to whom. This is the only picture of it.

     a process ── MESSAGE CALL CAST SYSTEM REPLY ... ──────►  another process
         │                                                        ▲
         │ SPAWN LINK UNLINK MONITOR DEMONITOR SIGNAL             │ ANSWER EXIT DOWN
         │ REGISTER START_TIMER ... RING DELIVER                  │ MESSAGE (timers)
         │ READY EXITING SURVIVED HIBERNATING STALE PARCELS LIMIT │
         └───────────────────►  the kernel  ──────────────────────┘
                                  │    ▲
                             FORK │    │ FORKED REAPED WARMED
                                  ▼    │
                                launchers

1. One mailbox, one pipe: whatever a process ever hears comes through it, so the order of arrival
   is the order in the pipe.
2. A sender finishes writing before it can die, and the kernel tells of a death only after the dead
   was reaped. So the last message of the dead stands before its `EXIT` and `DOWN`.
3. The kernel never blocks on anyone's mailbox.
4. A state never crosses a pipe. Only requests, replies, messages, reasons and arguments do.
5. The kernel never unpickles what is the user's: reasons, messages and arguments pass through it
   as bytes. Its own requests are tuples of plain values, and nothing else is accepted.

A frame is a header (`otp.wire.frame`) and a payload. The header's `sender` and `ref` mean:

    kind        sender                        ref
    CALL        who waits for the reply       the tag that the reply must carry
    REPLY       who answers                   the tag of the request
    ALIASED     who sends                     the alias, a tag of its owner
    EXIT        who died, or who signals      0 for a link, else the number of the signal
    DOWN        who died                      the monitor
    requests    who asks                      the tag that the ANSWER will carry (0: none comes)
"""

from __future__ import annotations

from typing import Final

VERSION: Final = 1
PARCEL: Final = 0x80  # added to a kind: the payload lies in a file and this is its ticket

KERNEL: Final = 0  # the serial numbers of the two that every node begins with
LAUNCHER: Final = 1

# from process to process
MESSAGE: Final = 1
CALL: Final = 2
CAST: Final = 3
SYSTEM: Final = 4
REPLY: Final = 5
REFUSED: Final = 6  # a reply that says why there is none
ALIASED: Final = 7  # a message that came by an alias

# from the kernel to a process
ANSWER: Final = 16
EXIT: Final = 17
DOWN: Final = 18
TIMEOUT: Final = 19
KILL: Final = 20  # an exit signal that cannot be trapped, for those who are no OS process
SWEEP: Final = 21  # this sender is dead: parcels that it never announced may go
TIMER_ASKED: Final = 22  # somebody cancels or reads a timer that this process keeps for itself

# from a process to the kernel
ATTACH: Final = 32
READY: Final = 33
EXITING: Final = 34
SURVIVED: Final = 35
SPAWN: Final = 36
LINK: Final = 37
UNLINK: Final = 38
MONITOR: Final = 39
DEMONITOR: Final = 40
SIGNAL: Final = 41
REGISTER: Final = 42
UNREGISTER: Final = 43
START_TIMER: Final = 44
CANCEL_TIMER: Final = 45
READ_TIMER: Final = 46
RING: Final = 47
DELIVER: Final = 48
REASON_OF: Final = 49
IS_ALIVE: Final = 50
PROCESSES: Final = 51
REGISTERED: Final = 52
INFO: Final = 53
STOP: Final = 54
HIBERNATING: Final = 55
TIMER_LEFT: Final = 56  # the answer to TIMER_ASKED
STALE: Final = 57
PARCELS: Final = 58  # it is about to write its first parcel to this process
LIMIT: Final = 59  # it has so many seconds to end, or no limit any more
KNOCK: Final = 60  # it is about to make a mailbox, with which it will ask to be attached
SURVIVES: Final = 61  # whether it lives on, once it has heard what it has been sent

# between the kernel and the launchers
FORK: Final = 64
FORKED: Final = 65
REAPED: Final = 66
WARMED: Final = 67
