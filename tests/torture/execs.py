"""Kaa, running code in a process that does everything at once; and killed on its way, at a random instant or after each of its writes."""
import collections
import json
import os
import random
import subprocess
import time

from busy import Busy, Verdict
from harness.interpreters import Interpreter
from harness.workshop import Workshop
from killing import be_killed, die_after

PATIENCE = 240.0
KILL_WITHIN_MS = 120.0
WRITES = 60  # Kaa is ended after the first, the second, … up to this one
CODE = "n = {0}\nprint('turn %d' % n)\ntable = dict((i, str(i)) for i in range(200))\nn + sum(map(len, table.values()))"
LENGTHS = 490  # of the texts of 0 … 199
FAILED = 1
LONGEST = 1  # seconds, for a thread by chance


def executed(interpreter: Interpreter, kaa: str, count: int) -> Verdict:
    """Attach, run, detach, over and over, in whatever thread can, or in one by chance; every third Kaa is killed."""
    faults: list[str] = []
    ways: collections.Counter = collections.Counter()
    pauses: list[int] = []
    with Workshop(interpreter.root) as workshop, Busy(interpreter, workshop) as busy:
        for turn in range(count):
            choice = _choice(busy.pid, turn)
            command = [kaa, "exec", str(busy.pid), CODE.format(turn), "--json", "--timeout", str(LONGEST) if choice else "60", *choice]
            if turn % 6 == 5:
                ways[f"ended by itself {die_after(command, 1 + turn // 6 % WRITES)}"] += 1
            elif turn % 3 == 2:
                if not be_killed(command, busy.pid, KILL_WITHIN_MS):
                    faults.append(f"turn {turn} {command[5:]}: killed, and its copy goes on")
                ways["killed"] += 1
            else:
                faults += _run(command, turn, ways, pauses)
            if not busy.target.alive():
                return Verdict(f"{interpreter.name} execs", faults + [f"the target died at turn {turn}"], str(dict(ways)))
        faults += [f"a descriptor is left: {name}" for name in _descriptors(kaa, busy.pid)]
        faults = busy.end() + faults
        pauses.sort()
        figures = f"{count} turns, {dict(ways)}, {busy.rounds():,} rounds"
        if pauses:
            figures += f"; pause µs median {pauses[len(pauses) // 2]} 99 % {pauses[len(pauses) * 99 // 100]} max {pauses[-1]}"
        return Verdict(f"{interpreter.name} execs", faults, figures)


def _choice(pid: int, turn: int) -> list[str]:
    """Every second turn a thread by chance: in a moment it may be in no safe place, or gone."""
    if turn % 2 == 0:
        return []
    return ["--thread", random.choice(os.listdir(f"/proc/{pid}/task"))]


def _run(command: list[str], turn: int, ways: collections.Counter, pauses: list[int]) -> list[str]:
    is_chosen = "--thread" in command
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    answer = json.loads(result.stdout) if result.stdout else {}
    if is_chosen and result.returncode == FAILED and answer.get("error", {}).get("code") in ("no-safe-point", "gil-held"):
        ways["refused"] += 1
        return []
    if is_chosen and (answer.get("exception") or "").endswith("KeyboardInterrupt\n") and answer["seconds"] >= LONGEST:
        ways["interrupted at its time"] += 1
        return []
    if result.returncode or answer["stdout"] != f"turn {turn}\n" or answer["result"] != str(turn + LENGTHS) or answer["exception"]:
        return [f"turn {turn} {command[5:]}: exit {result.returncode}: {(result.stderr or result.stdout).strip()[:1500]}"]
    ways[answer["way"]] += 1
    pauses.append(answer["pauseMicroseconds"])
    return []


def _descriptors(kaa: str, pid: int) -> list[str]:
    """Once what a killed Kaa has begun is over, and what one leaves that was killed before the code had begun is taken back (docs/exec.md)."""
    deadline = time.monotonic() + 20
    while (left := _linked(pid)) and time.monotonic() < deadline:
        subprocess.run([kaa, "detach", str(pid)], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return left


def _linked(pid: int) -> list[str]:
    names = []
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            name = os.readlink(entry.path)
        except OSError:
            continue
        names += [name] if "kaa-exec" in name else []
    return names
