"""Time whole processes, and how much memory they take at most.

Each is started by a small process of its own: Linux tells of a process at least the memory that the
one that started it had, so that a large parent would hide what its children take.
"""

import json
import os
import subprocess
import sys
import time

C10H = [sys.executable, "-m", "c10h"]


def run(command, printed=None):
    """Seconds of wall time and peak resident memory (MB, of its largest process) of one command.

    printed: turns the number that the command prints into seconds, in place of its wall time.
    """
    starter = [sys.executable, "-S", "-E", __file__, *map(str, command)]
    done = subprocess.run(starter, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    seconds, memory, output = json.loads(done.stdout)
    return (seconds if printed is None else printed(float(output))), memory


def start(command):
    """Run a command, and print its seconds, its memory and the last line of what it printed."""
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(1)
    last = output.decode().rstrip().rpartition("\n")[2]
    print(json.dumps([seconds, usage.ru_maxrss / 1024, last]))


def compare(commands, repeats, limit=float("inf"), printed=None):
    """Run the named commands in turn; the fewest seconds and the largest memory of each.

    All run ``repeats`` times, or at least twice and until ``limit`` seconds have gone by.
    """
    found = {name: [] for name in commands}
    begun = time.perf_counter()
    for turn in range(repeats):
        if turn > 1 and time.perf_counter() - begun > limit:
            break
        for name, command in commands.items():
            found[name].append(run(command, printed))
    return {
        name: (min(seconds for seconds, _ in runs), max(memory for _, memory in runs))
        for name, runs in found.items()
    }


if __name__ == "__main__":
    start(sys.argv[1:])
