"""What polars raises for a table that is broken."""

from __future__ import annotations


def polars_failures(*others: type[Exception]) -> tuple[type[BaseException], ...]:
    """For ``except``: polars' errors, the system's, panics of its Rust code, and others.

    A panic, as damaged Parquet causes, is no Exception.
    """
    import polars

    return polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError, *others
