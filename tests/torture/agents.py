"""Kaa, putting its agent into a process that does everything at once, hooking what it calls all the time, taking it out again; and killed on its way, at a random
instant or after each of its writes."""
import collections
import os
import re
import subprocess

from busy import Busy, Verdict
from harness import kernel
from harness.interpreters import Interpreter
from harness.workshop import Workshop
from killing import be_killed, die_after

PATIENCE = 120.0
KILL_WITHIN_MS = 250.0
WRITES = 80  # Kaa is ended after the first, the second, … up to this one
CALLS = [["malloc", "free", "realloc"], ["poll", "read", "write", "recv"], ["epoll_wait", "sigtimedwait", "select", "usleep"], ["pthread_cond_*wait", "sem_*wait", "pthread_mutex_*lock"],
         ["PyObject_*"], ["fork", "waitpid", "execve", "posix_spawn", "open*", "close"], ["memcpy", "strlen", "PyEval_SaveThread", "PyEval_RestoreThread"]]
WAYS = [[], ["--return"], ["--when", "arg0 == 0x123456789"], ["--when", "arg0 & 0xff == 0x40 and *(char*)arg1 == 3"], ["--when", "str(arg0) =~ 'no such text'"]]
# No such function, a thread in the way, more names than can be hooked: nothing was changed then.
ALLOWED = (0, 1, 3)


def hooked(interpreter: Interpreter, kaa: str, count: int) -> Verdict:
    """Arm, read, disarm, detach, again and again; every second Kaa is killed on its way. Nothing may be noticed; in the end every byte of code is the file's."""
    faults: list[str] = []
    ways: collections.Counter = collections.Counter()
    with Workshop(interpreter.root) as workshop, Busy(interpreter, workshop) as busy:
        for turn in range(count):
            arguments = [kaa, "trace", str(busy.pid), *_calls(turn), *WAYS[turn % len(WAYS)], "--duration", "0.05", "--json"]
            if turn % 4 == 1:
                if not be_killed(arguments, busy.pid, KILL_WITHIN_MS):
                    faults.append(f"turn {turn} {arguments[3:]}: killed, and its copy goes on")
                ways["killed"] += 1
            elif turn % 4 == 3:
                ways[f"ended by itself {die_after(arguments, 1 + turn // 4 % WRITES)}"] += 1
            else:
                faults += _run(arguments, turn, ways)
            if turn % 10 == 9:
                faults += _detach(kaa, busy.pid, turn, ways)
            if turn % 20 == 0:
                faults += [f"after turn {turn}: thread {held}" for held in kernel.still_held(busy.pid)]
            if not busy.target.alive():
                return Verdict(f"{interpreter.name} hooked", faults + [f"the target died at turn {turn}: {arguments[3:]}"], str(dict(ways)))
        faults += _detach(kaa, busy.pid, count, ways)
        faults += changed_code(busy.pid)
        faults += [f"a descriptor is left: {name}" for name in _descriptors(busy.pid) if "memfd:kaa" in name]
        rounds = busy.rounds()
        faults = busy.end() + faults
        return Verdict(f"{interpreter.name} hooked", faults, f"{count} turns, {dict(ways)}, {rounds:,} rounds")


def changed_code(pid: int) -> list[str]:
    """Mappings of programs and libraries whose code is not what their file has."""
    changed = []
    with open(f"/proc/{pid}/mem", "rb", 0) as memory, open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r-xp ([0-9a-f]+) \S+ \d+ +(/.*)", line)
            if not found or "memfd" in line:
                continue
            start, end, offset = (int(found.group(i), 16) for i in (1, 2, 3))
            try:
                with open(f"/proc/{pid}/map_files/{start:x}-{end:x}", "rb", 0) as file:
                    wanted = os.pread(file.fileno(), end - start, offset)
                there = os.pread(memory.fileno(), len(wanted), start)
            except OSError:
                if _is_mapped(pid, line):
                    raise
                continue  # the target loads and unloads a library all the time
            if there != wanted:
                first = next(i for i in range(len(wanted)) if there[i:i + 1] != wanted[i:i + 1])
                changed.append(f"{found.group(4).strip()} has other code at {offset + first:#x}: {there[first:first + 8].hex()} for {wanted[first:first + 8].hex()}")
    return changed


def _is_mapped(pid: int, line: str) -> bool:
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps:
        return line in maps


def _calls(turn: int) -> list[str]:
    return [word for name in CALLS[turn % len(CALLS)] for word in ("--call", name)]


def _run(arguments: list[str], turn: int, ways: collections.Counter) -> list[str]:
    try:
        result = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return [f"turn {turn} {arguments[3:]}: hung for {PATIENCE:.0f} s"]
    ways[f"exit {result.returncode}"] += 1
    ways["events"] += result.stdout.count('"event"')
    return [] if result.returncode in ALLOWED else [f"turn {turn} {arguments[3:]}: exit {result.returncode}: {(result.stderr or result.stdout).strip()[:1500]}"]


def _detach(kaa: str, pid: int, turn: int, ways: collections.Counter) -> list[str]:
    result = subprocess.run([kaa, "detach", str(pid), "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    ways["detach"] += 1
    return [] if result.returncode == 0 else [f"detach at turn {turn}: exit {result.returncode}: {(result.stderr or result.stdout).strip()[:1500]}"]


def _descriptors(pid: int) -> list[str]:
    names = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            names.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except OSError:
            pass
    return names
