"""Kaa, tracing the system calls of a process that does everything at once; and killed on its way."""
import collections
import json
import subprocess

from busy import Busy, Verdict
from harness.interpreters import Interpreter
from harness.workshop import Workshop
from killing import be_killed
from looks import COMPLETE, INCOMPLETE

PATIENCE = 120.0
KILL_WITHIN_MS = 300.0
ASKED = [["%file"], ["all"], ["futex,epoll_wait,epoll_pwait"], ["write", "--when", "result > 0"], ["vfork,clone,clone3", "--follow"], ["getppid"]]


def traced(interpreter: Interpreter, kaa: str, count: int) -> Verdict:
    """Trace after trace, every second killed at a random instant: nothing in the target may notice."""
    faults: list[str] = []
    ways: collections.Counter = collections.Counter()
    with Workshop(interpreter.root) as workshop, Busy(interpreter, workshop) as busy:
        for turn in range(count):
            command = [kaa, "trace", str(busy.pid), "--json", "--syscall", *ASKED[turn // 2 % len(ASKED)]]
            if turn % 2:
                if not be_killed(command, busy.pid, KILL_WITHIN_MS):
                    faults.append(f"trace {turn} {command[5:]}: killed, and threads are still traced")
                ways["killed"] += 1
            else:
                faults += _trace(command + ["--duration", "0.3"], turn, ways)
            if not busy.target.alive():
                return Verdict(f"{interpreter.name} traces", faults + [f"the target died at trace {turn}"], str(dict(ways)))
        faults = busy.end() + faults
        return Verdict(f"{interpreter.name} traces", faults, f"{count} traces, {dict(ways)}, {busy.rounds():,} rounds")


def _trace(command: list[str], turn: int, ways: collections.Counter) -> list[str]:
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    if result.returncode not in (COMPLETE, INCOMPLETE):
        return [f"trace {turn} {command[5:]}: exit {result.returncode}: {(result.stderr or result.stdout).strip()[-300:]}"]
    lines = result.stdout.splitlines()
    end = json.loads(lines[-1])
    if end["event"] != "end" or end["hits"] - end["lost"] != len(lines) - 1:
        return [f"trace {turn} {command[5:]}: {len(lines)} lines, but it says {lines[-1]}"]
    ways["hits"] += end["hits"]
    ways["with Python"] += sum('"file":"' in line for line in lines)
    ways.update(note["code"] for note in end["notes"])
    return []
