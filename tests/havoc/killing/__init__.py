"""Somebody is killed at each system call that it makes on its way through the library.

    ptrace      stops a process at its system calls (ptrace(2) by ctypes)
    hunter      counts these stops and kills at the one it was told
    world       one node, in which the dead are followed by the next, and what may be left of them
    paths       what the victim does, and what the others may have seen of it when it is dead
    trial       one victim, one kill, and all that must hold after it
    heart       the same for the kernel, a launcher and the program, with whom their node ends

    ground      where the victims of one path fall, one after another
    sweep       all points of all paths

``python -m tests.havoc.killing PATH NUMBER`` makes one of these kills again; without a number, all
of that path.
"""
