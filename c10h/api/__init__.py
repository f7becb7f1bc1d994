"""The Python door: what ``import c10h`` offers besides the command line.

Each function is a command, with its checks, its lineage and its result. Inputs are paths, names of
data sets, arrays, tensors, data frames, records or results of other calls (:mod:`.inputs`). Options
have the names, meanings and defaults of the command line, with underscores for dashes. What is
wrong raises a :class:`c10h.errors.C10hError` with the line that the command line prints.
"""
