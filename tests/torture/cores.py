"""Kaa, writing cores of a process that does everything at once; and killed on its way."""
import collections
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

from busy import Busy, Verdict
from harness.interpreters import Interpreter
from harness.workshop import Workshop
from looks import COMPLETE, INCOMPLETE

PATIENCE = 120.0
KILL_WITHIN_MS = 400.0
COPY = "kaa-core"


def written(interpreter: Interpreter, kaa: str, count: int) -> Verdict:
    """Core after core, every third killed at a random instant: nothing in the target may notice, and nothing may be left."""
    faults: list[str] = []
    pauses: list[int] = []
    ways: collections.Counter = collections.Counter()
    with Workshop(interpreter.root) as workshop, Busy(interpreter, workshop) as busy:
        core = workshop.host / "core"
        for turn in range(count):
            if turn % 3 == 2:
                _be_killed(kaa, busy.pid, core)
                ways["killed"] += 1
            else:
                faults += _write(kaa, busy.pid, core, turn, pauses, ways)
            if not busy.target.alive():
                return Verdict(f"{interpreter.name} cores", faults + [f"the target died at core {turn}"], str(dict(ways)))
        zombies = len(_copies(busy.pid))
        faults += _write(kaa, busy.pid, core, count, pauses, ways)
        for turn in range(zombies):
            if not _copies(busy.pid):
                break
            faults += _write(kaa, busy.pid, core, count + turn, pauses, ways)
        faults += [f"a copy is left: {copy}" for copy in _copies(busy.pid)]
        faults += [f"a file is left: {path.name}" for path in workshop.host.glob(".core*")]
        faults = busy.end() + faults
        pauses.sort()
        figures = f"{count} cores, {dict(ways)}, {zombies} zombies before the last, {busy.rounds():,} rounds"
        if pauses:
            figures += f"; pause µs median {pauses[len(pauses) // 2]} 99 % {pauses[len(pauses) * 99 // 100]} max {pauses[-1]}"
        return Verdict(f"{interpreter.name} cores", faults, figures)


def _write(kaa: str, pid: int, core: Path, turn: int, pauses: list[int], ways: collections.Counter) -> list[str]:
    way = ["--no-snapshot"] if turn % 10 == 9 else []
    result = subprocess.run([kaa, "core", str(pid), "-o", str(core), "--force", "--json", *way], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=PATIENCE)
    if result.returncode not in (COMPLETE, INCOMPLETE):
        return [f"core {turn} {way}: exit {result.returncode}: {(result.stderr or result.stdout).strip()[-300:]}"]
    report = json.loads(result.stdout)
    ways[report["way"]] += 1
    ways.update(note["code"] + (":" + note["subject"] if note["code"] == "no-snapshot" else "") for note in report["notes"])
    if report["way"] == "snapshot":
        pauses.append(report["pauseMicroseconds"])
    if turn % 20:
        return []
    stacks = subprocess.run([kaa, "bt", str(core), "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    if stacks.returncode not in (COMPLETE, INCOMPLETE):
        return [f"core {turn}: kaa bt: exit {stacks.returncode}: {stacks.stdout.strip()[-300:]}"]
    functions = {frame["function"] for thread in json.loads(stacks.stdout)["threads"] for frame in thread["frames"]}
    return [] if "parked_inner" in functions else [f"core {turn}: the parked thread is not in it"]


def _be_killed(kaa: str, pid: int, core: Path) -> None:
    process = subprocess.Popen([kaa, "core", str(pid), "-o", str(core), "--force"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, KILL_WITHIN_MS) / 1000)
    process.send_signal(signal.SIGKILL)
    process.wait()


def _copies(pid: int) -> list[str]:
    """The target's children that bear the name of a copy, alive or not."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            stat = Path(f"/proc/{name}/stat").read_text()
        except OSError:
            continue
        comm, rest = stat[stat.index("(") + 1:stat.rindex(")")], stat[stat.rindex(")") + 2:].split()
        if int(rest[1]) == pid and comm == COPY:
            found.append(f"{name} {rest[0]}")
    return found
