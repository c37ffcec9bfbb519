"""Erlang/OTP's process model for Python: every process is an OS process.

Import what you use: ``from otp import gen_server, process, supervisor``. The words that messages
are made of (`Pid`, `Down`, `Exit`, ...) live in `otp.terms`, the errors in `otp.errors`.
"""

__all__ = [
    "errors",
    "gen_server",
    "node",
    "proc_lib",
    "process",
    "supervisor",
    "system",
    "terms",
    "timer",
]

__version__ = "0.1.0"
