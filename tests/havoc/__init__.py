"""Crash injection: only ``make havoc`` runs it.

Each part is a module with ``run(seed, dose) -> list[Row]``, listed in ``__main__``.
"""
