"""Kaa, tracing the system calls of a process that does everything at once; and killed on its way."""
import collections
import glob
import json
import random
import signal
import subprocess
import time

from busy import Busy, Verdict
from harness.interpreters import Interpreter
from harness.workshop import Workshop
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
                _be_killed(command)
                if not _let_go(busy.pid):
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


def _be_killed(command: list[str]) -> None:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, KILL_WITHIN_MS) / 1000)
    process.send_signal(signal.SIGKILL)
    process.wait()


def _let_go(pid: int) -> bool:
    """The copy of Kaa that traces ends by itself when Kaa is killed."""
    end = time.monotonic() + PATIENCE
    while _is_there(pid) or _is_traced(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


def _is_there(pid: int) -> bool:
    for line in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(line, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if words[0].startswith(b"kaa-traces-") and str(pid).encode() in words:
            return True
    return False


def _is_traced(pid: int) -> bool:
    for status in glob.glob(f"/proc/{pid}/task/*/status"):
        try:
            with open(status) as file:
                if "TracerPid:\t0\n" not in file.read():
                    return True
        except OSError:
            pass
    return False
