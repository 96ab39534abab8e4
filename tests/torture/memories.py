"""Kaa, recording the allocations of a process that allocates all the time in four threads and forks: attached and detached again and again, and killed on its way. Results stay right,
counts are exact whenever a recording is whole, and in the end every byte of code is the file's."""
import collections
import json
import os
import random
import signal
import subprocess
import tempfile
import time

from agents import changed_code
from busy import Verdict
from harness.interpreters import Interpreter
from harness.target import Target
from harness.workshop import PROGRAMS, Workshop

PATIENCE = 120.0
KILL_WITHIN_MS = 150.0
WRITES = 60  # Kaa is ended after the first, the second, … up to this one
DIE = "KAA_TEST_DIE_AFTER_WRITE"
WAYS = [[], ["--allocators", "system"], ["--allocators", "python"], ["--native"], ["--sample", "100000"], ["--aggregate"], ["--native", "--allocators", "system"]]
COUNTED = 50
SIZE = 54321
LINE = next(number for number, line in enumerate((PROGRAMS / "allocating.py").read_text().splitlines(), 1) if line.endswith("# line: counted"))


def recorded(interpreter: Interpreter, kaa: str, count: int) -> Verdict:
    faults: list[str] = []
    ways: collections.Counter = collections.Counter()
    with Workshop(interpreter.root) as workshop, tempfile.TemporaryDirectory() as scratch, Target(interpreter, [workshop.copy("allocating.py")]) as target:
        file = os.path.join(scratch, "recording")
        for turn in range(count):
            arguments = [kaa, "mem", "attach", str(target.pid), "-o", file, "--force", *WAYS[turn // 3 % len(WAYS)]]
            if turn % 3 == 0:
                faults += _count(arguments, kaa, file, target, turn, ways)
            elif turn % 3 == 1:
                _be_killed(arguments, ways)
            else:
                _die_after(arguments, 1 + turn // 3 % WRITES, ways)
            if not target.alive():
                return Verdict(f"{interpreter.name} memory", faults + [f"the target died at turn {turn}: {arguments[3:]}"], str(dict(ways)))
        left = subprocess.run([kaa, "detach", str(target.pid)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        if left.returncode != 0:
            faults.append(f"detach: exit {left.returncode}: {left.stderr.strip()[-300:]}")
        faults += changed_code(target.pid)
        target.tell("end")
        told = target.line()
        if not told.endswith(" 0 wrong"):
            faults.append(f"the target's results: {told}")
        return Verdict(f"{interpreter.name} memory", faults, f"{count} turns, {dict(ways)}, {told}")


def _line(stack: list) -> int | None:
    """Of Python: C frames may lie in front of it."""
    return next((frame["line"] for frame in stack if frame["kind"] == "python"), None)


def launched(interpreter: Interpreter, kaa: str, count: int) -> Verdict:
    """kaa mem run: every third program is recorded to its end, and has its own status and exact counts; with the others Kaa is killed. Each that has begun comes to its end, with right results."""
    faults: list[str] = []
    ways: collections.Counter = collections.Counter()
    with Workshop(interpreter.root) as workshop, tempfile.TemporaryDirectory() as scratch:
        script = workshop.copy("counted.py")
        line = next(number for number, row in enumerate((PROGRAMS / "counted.py").read_text().splitlines(), 1) if row.endswith("# line: counted"))
        file = os.path.join(scratch, "recording")
        for turn in range(count):
            options = WAYS[turn // 3 % len(WAYS)] + (["--follow"] if turn // 3 % 2 else [])
            arguments = [kaa, "mem", "run", "-o", file, "--force", *options, "--", *interpreter.launch, script]
            dies = {DIE: str(1 + turn // 3 % WRITES)} if turn % 3 == 2 else {}
            started = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **dies}, start_new_session=True)
            if turn % 3 == 1:
                time.sleep(random.uniform(0, 2 * KILL_WITHIN_MS) / 1000)
                started.send_signal(signal.SIGKILL)
            # The program has these pipes too: they end with it, whatever becomes of Kaa.
            try:
                said, errors = started.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, signal.SIGKILL)
                return Verdict(f"{interpreter.name} launched", faults + [f"turn {turn} {options}: the program hangs, it has said {started.communicate()[0].split()}"], str(dict(ways)))
            faults += [f"turn {turn} {options}: {fault}" for fault in _judge(started.returncode, said, errors, ways)]
            if turn % 3 == 0:
                faults += [f"turn {turn} {options}: {fault}" for fault in _recounted(kaa, file, line, options, interpreter, ways)]
    return Verdict(f"{interpreter.name} launched", faults, f"{count} turns, {dict(ways)}")


def _judge(status: int, said: str, errors: str, ways: collections.Counter) -> list[str]:
    words = said.split()
    if status == -signal.SIGKILL:
        ways["killed, " + ("the program came to its end" if words == ["begun", "right"] else "no program yet" if not words else "?")] += 1
        return [] if words in ([], ["begun", "right"]) else [f"the program said {words} and no more"]
    ways[f"exit {status}"] += 1
    return [] if (status, words) == (7, ["begun", "right"]) else [f"exit {status}, the program said {words}: {errors.strip()[-300:]}"]


def _recounted(kaa: str, file: str, line: int, options: list[str], interpreter: Interpreter, ways: collections.Counter) -> list[str]:
    report = subprocess.run([kaa, "mem", "report", file, "--view", "leaks", "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    if report.returncode not in (0, 3):
        return [f"report: exit {report.returncode}: {report.stderr.strip()[-300:]}"]
    found = json.loads(report.stdout)
    if found["metadata"]["lost"] or "--sample" in options or "musl" in interpreter.name or (interpreter.free_threaded and "system" in options):
        return []
    counted = sum(entry["bytes"] for entry in found["entries"] if _line(entry["stack"]) == line and entry["allocator"] != "mmap")
    right = 0 <= counted - COUNTED * SIZE < (300_000 if interpreter.minor[0] == 2 else SIZE)
    ways["counted"] += right
    return [] if right else [f"{counted} bytes for {COUNTED} blocks of {SIZE}"]


def _count(arguments: list[str], kaa: str, file: str, target: Target, turn: int, ways: collections.Counter) -> list[str]:
    """Records while known blocks are allocated, and looks whether they are in the recording."""
    recorder = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    begun = recorder.stderr.readline()
    if "recording process" not in begun:
        return [f"turn {turn} {arguments[3:]}: {begun}{recorder.stderr.read()}"]
    target.tell(f"count {COUNTED}")
    target.expect("counted", PATIENCE)
    recorder.send_signal(signal.SIGTERM)
    told = recorder.stderr.read()
    status = recorder.wait(PATIENCE)
    target.tell("drop")
    target.expect("dropped", PATIENCE)
    ways[f"exit {status}"] += 1
    if status not in (0, 3):
        return [f"turn {turn} {arguments[3:]}: exit {status}: {told.strip()[-300:]}"]
    report = subprocess.run([kaa, "mem", "report", file, "--view", "leaks", "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    if report.returncode not in (0, 3):
        return [f"report at turn {turn}: exit {report.returncode}: {report.stderr.strip()[-300:]}"]
    found = json.loads(report.stdout)
    if found["metadata"]["lost"]:
        ways["events were lost"] += 1  # the machine was too slow: told, and sums may be wrong by them
        return []
    # A sample is no count; the free-threaded builds' mimalloc asks nobody but the kernel, for segments.
    if "--sample" in arguments or (target.interpreter.free_threaded and "system" in arguments):
        return []
    found_bytes = sum(entry["bytes"] for entry in found["entries"] if _line(entry["stack"]) == LINE and entry["allocator"] != "mmap")
    # Besides there are the objects themselves and their list; in 2.7 an arena of theirs comes from malloc.
    right = 0 <= found_bytes - COUNTED * SIZE < (300_000 if target.interpreter.minor[0] == 2 else SIZE)
    ways["counted"] += right
    return [] if right else [f"turn {turn} {arguments[7:]}: {found_bytes} bytes for {COUNTED} blocks of {SIZE}"]


def _be_killed(arguments: list[str], ways: collections.Counter) -> None:
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, KILL_WITHIN_MS) / 1000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ways["killed"] += 1


def _die_after(arguments: list[str], write: int, ways: collections.Counter) -> None:
    result = subprocess.run([*arguments, "--duration", "0.02"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, DIE: str(write)}, timeout=PATIENCE)
    ways["ended by itself " + ("in time" if result.returncode == -signal.SIGKILL else "too late")] += 1
