"""The demo: two sessions, a tree of servers, five ways to die, a crowd, and an orderly end.

`python -m otp.examples.demo` takes a few seconds. What it announces it checks: it ends with 0 if
everything was as announced, else with 1 and a line that says what was not.
"""
