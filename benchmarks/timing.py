"""Time whole processes, and how much memory they take at most."""

import os
import statistics
import subprocess
import sys
import time


def run(command):
    """Seconds of wall time and peak resident memory (MB) of one process."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        messages = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{messages.decode()}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def compare(commands, repeats):
    """Run the named commands in turn, ``repeats`` times; medians of seconds, largest memory."""
    found = {name: [] for name in commands}
    for command in commands.values():
        run(command)  # fill the file cache
    for _ in range(repeats):
        for name, command in commands.items():
            found[name].append(run(command))
    return {
        name: (statistics.median(t for t, _ in runs), max(m for _, m in runs))
        for name, runs in found.items()
    }
