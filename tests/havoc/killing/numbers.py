"""The names of system calls by their numbers, where the paths of the library come along."""

from __future__ import annotations

import platform
from typing import Final

_X86_64: Final = """
0 read 1 write 2 open 3 close 5 fstat 7 poll 8 lseek 9 mmap 10 mprotect 11 munmap 12 brk
13 rt_sigaction 14 rt_sigprocmask 15 rt_sigreturn 16 ioctl 20 writev 24 sched_yield 25 mremap
28 madvise 32 dup 33 dup2 34 pause 39 getpid 44 sendto 45 recvfrom 56 clone 57 fork 59 execve
61 wait4 62 kill 72 fcntl 77 ftruncate 79 getcwd 82 rename 83 mkdir 84 rmdir 87 unlink 88 symlink
89 readlink 102 getuid 107 geteuid 109 setpgid 110 getppid 111 getpgrp 133 mknod 140 getpriority
157 prctl 186 gettid 202 futex 217 getdents64 218 set_tid_address 219 restart_syscall 231 exit_group
232 epoll_wait 233 epoll_ctl 234 tgkill 257 openat 259 mknodat 262 newfstatat 263 unlinkat
270 pselect6 271 ppoll 273 set_robust_list 281 epoll_pwait 291 epoll_create1 292 dup3 293 pipe2
302 prlimit64 318 getrandom 332 statx 334 rseq 424 pidfd_send_signal 434 pidfd_open 435 clone3
441 epoll_pwait2
"""
_AARCH64: Final = """
17 getcwd 20 epoll_create1 21 epoll_ctl 22 epoll_pwait 23 dup 24 dup3 25 fcntl 29 ioctl 33 mknodat
34 mkdirat 35 unlinkat 36 symlinkat 38 renameat 46 ftruncate 56 openat 57 close 59 pipe2
61 getdents64 62 lseek 63 read 64 write 66 writev 72 pselect6 73 ppoll 78 readlinkat 79 newfstatat
80 fstat 94 exit_group 96 set_tid_address 98 futex 99 set_robust_list 124 sched_yield
128 restart_syscall 129 kill 131 tgkill 134 rt_sigaction 135 rt_sigprocmask 139 rt_sigreturn
141 getpriority 154 setpgid 155 getpgid 167 prctl 172 getpid 173 getppid 174 getuid 175 geteuid
178 gettid 206 sendto 207 recvfrom 214 brk 215 munmap 216 mremap 220 clone 221 execve 222 mmap
226 mprotect 233 madvise 260 wait4 261 prlimit64 276 renameat2 278 getrandom 291 statx 293 rseq
424 pidfd_send_signal 434 pidfd_open 435 clone3 441 epoll_pwait2
"""


def _table(text: str) -> dict[int, str]:
    words = text.split()
    return {int(number): name for number, name in zip(words[::2], words[1::2], strict=True)}


_NAMES: Final = _table(_AARCH64 if platform.machine() == "aarch64" else _X86_64)


def name_of(number: int) -> str:
    return _NAMES.get(number, f"system call {number}")
