"""kaa debug on a process that does everything at once: breakpoints are set, met, stepped from, deleted; every second Kaa is killed at a random instant.

Signals come all the time: every third session stops at them too, the others let them pass. So do children of fork and vfork: every fifth pair of sessions debugs them too.
"""
import collections
import os
import random
import re
import signal
import subprocess
import time

from agents import changed_code
from busy import Busy, Verdict
from harness import kernel
from harness.interpreters import Interpreter
from harness.workshop import Workshop

PATIENCE = 120.0
KILL_WITHIN_MS = 250.0
AGAIN = 8  # what a session does that is to be killed

# What a session does once it has stopped at a breakpoint, if it lives so long.
ACTS = [
    ["continue", "continue"],
    ["stepi", "stepi", "continue"],
    ["nexti 5", "finish", "continue"],
    ["finish", "stepi 3", "continue"],
    ["disable", "tbreak write", "enable", "continue"],
    ["delete", "info breakpoints"],
    ["thread apply all bt 3", "py-bt", "continue"],
    ["stepi 40", "bt 3", "nexti 20", "continue"],
    ["condition 1 arg0 == 0x7fffffff", "continue", "condition 1", "continue"],
]
# Commands that are done while one thread waits (docs/debug.md), and such as need a stop in their midst.
PASSING = "\ncommands\nsilent\npy-bt\ncontinue\nend"
PARTLY = "\ncommands\nbt 2\nprint $rsp = $rsp\npy-bt\ncontinue\nend"
PLACES = [
    "break read", "break malloc if arg0 == 0x123456", "break select", "break poll", "tbreak usleep", "break mkdir if $_regex((char*) $rdi, \".*foo.*\")",
    "break write if py.function == \"nobody\"", "break pthread_cond_wait",
    "break read" + PASSING, "break select" + PASSING, "break poll" + PASSING, "break usleep" + PASSING, "break malloc if arg0 == 0x60" + PASSING, "break mkdir" + PARTLY,
]


def debugged(interpreter: Interpreter, kaa: str, count: int) -> Verdict:
    """Nothing may be noticed; in the end every byte of code is the file's."""
    faults: list[str] = []
    ways: collections.Counter = collections.Counter()
    with Workshop(interpreter.root) as workshop, Busy(interpreter, workshop) as busy:
        for turn in range(count):
            arguments = [kaa, "debug", str(busy.pid), "--batch"]
            signals = [] if turn % 3 == 0 else ["handle all nostop noprint pass"]
            if turn // 2 % 5 == 0:
                signals.append("set follow-fork-mode both")
            places = "\n".join(random.sample(PLACES, 2)).split("\n")
            for line in signals + places + ["continue"] + ACTS[turn // 2 % len(ACTS)] * (AGAIN if turn % 2 else 1):
                arguments += ["-ex", line]
            way, output = _run(arguments, within=random.uniform(0, KILL_WITHIN_MS) if turn % 2 else None)
            ways[way] += 1
            ways["stops at breakpoints"] += len(re.findall(r"reakpoint \d+, ", output))
            ways["steps and finishes"] += len(re.findall(r"^(?:0x\S+ in |Value returned)", output, re.M))
            if turn % 20 == 0:
                faults += [f"after turn {turn}: thread {held}" for held in kernel.still_held(busy.pid)]
            if not busy.target.alive():
                return Verdict(f"{interpreter.name} debugged", faults + [f"the target died at turn {turn}: {arguments[3:]}"], str(dict(ways)))
        subprocess.run([kaa, "detach", str(busy.pid)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False)
        faults += changed_code(busy.pid)
        rounds = busy.rounds()
        faults = busy.end() + faults
        return Verdict(f"{interpreter.name} debugged", faults, f"{count} turns, {dict(ways)}, {rounds:,} rounds")


def _run(arguments: list[str], within: float | None) -> tuple[str, str]:
    """A breakpoint that is never met lets the session run for good: Ctrl-C ends that. Gives how it went, and what it said."""
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if within is not None:
        try:
            return "through", process.communicate(timeout=within / 1000)[0]
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return "killed", process.communicate()[0]
    end = time.monotonic() + PATIENCE
    interrupted = False
    while time.monotonic() < end:
        try:
            return "interrupted" if interrupted else "through", process.communicate(timeout=2.0)[0]
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            interrupted = True
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    raise RuntimeError(f"kaa does not end: {arguments[3:]}")
