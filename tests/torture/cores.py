"""Kaa, writing cores of a process that does everything at once; and killed on its way."""
import collections
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import slots
from busy import Busy, Verdict
from harness import kernel
from harness.interpreters import Interpreter
from harness.workshop import Workshop
from looks import COMPLETE, INCOMPLETE

PATIENCE = 600.0
KILL_WITHIN_MS = 400.0
COPY = "kaa-core"
SAMPLES = 30
BETWEEN_SAMPLES = 0.05
# Threads and children come and go all the while: their stacks and pipes may be there in every sample, or in none.
MORE_DESCRIPTORS, MORE_MAPPINGS, MORE_KIB = 4, 24, 8192


def written(interpreter: Interpreter, kaa: str, count: int) -> Verdict:
    """Core after core, every third killed at a random instant: nothing in the target may notice, and nothing may be left."""
    faults: list[str] = []
    pauses: list[int] = []
    ways: collections.Counter = collections.Counter()
    seen: set[str] = set()
    with Workshop(interpreter.root) as workshop, Busy(interpreter, workshop) as busy:
        core = workshop.host / "core"
        faults += _write(kaa, busy.pid, core, 0, pauses, ways)  # the first leaves a page of its own behind
        before = _resources(busy.pid)
        for turn in range(count):
            if turn % 3 == 2:
                _be_killed(kaa, busy.pid, core)
                ways["killed"] += 1
                faults += _new_disturbances(busy, turn, seen)
            else:
                faults += _write(kaa, busy.pid, core, turn, pauses, ways)
            if turn % 50 == 49:
                print(f"      {turn + 1} cores, {dict(ways)}, {len(faults)} faults", flush=True)
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
        after = _resources(busy.pid)
        faults += [f"{name}: {before[name]} before, {after[name]} after" for name, more in
                   (("descriptors", MORE_DESCRIPTORS), ("mappings", MORE_MAPPINGS), ("KiB", MORE_KIB)) if after[name] > before[name] + more]
        faults = busy.end() + faults
        pauses.sort()
        figures = f"{count} cores, {dict(ways)}, {zombies} zombies before the last, {busy.rounds():,} rounds, {before} → {after}"
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


def _new_disturbances(busy: Busy, turn: int, seen: set[str]) -> list[str]:
    """What has gone wrong in the target since it was last asked, so that it is known after which kill."""
    new = [fault for fault in slots.disturbed(busy.slots.read()) if fault.split(":")[0] not in seen]
    seen.update(fault.split(":")[0] for fault in new)
    return [f"by kill {turn}: {fault}" for fault in new]


def _resources(pid: int) -> dict[str, int]:
    """The least of some samples: what is there for good."""
    least: dict[str, int] = {}
    for _ in range(SAMPLES):
        sample = {
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
            "mappings": Path(f"/proc/{pid}/maps").read_bytes().count(b"\n"),
            "KiB": int(kernel.status(pid, pid)["RssAnon"].split()[0]),
        }
        least = {name: min(value, least.get(name, value)) for name, value in sample.items()}
        time.sleep(BETWEEN_SAMPLES)
    return least


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
