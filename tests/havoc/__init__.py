"""Crash injection: only ``make havoc`` runs it.

Each part is a module with ``run(seed, seconds) -> list[Row]``, listed in ``__main__``.
"""
