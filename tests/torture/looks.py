"""Kaa, looking at a target: once, or killed on its way."""
import collections
import json
import random
import subprocess
import time
from dataclasses import dataclass, field

from harness import kernel

# Every way of looking takes its turn.
WAYS = (["--json"], ["--json", "--locals"], [], ["--json", "--locals", "--max-value", "2000"], ["--locals"], ["--json", "--nonblocking"])
PATIENCE = 60.0
SLOW = 2.0
COMPLETE, USER_ERROR, INCOMPLETE = 0, 1, 3


@dataclass
class Tally:
    """What a series of looks was like."""
    exits: collections.Counter = field(default_factory=collections.Counter)
    lies: collections.Counter = field(default_factory=collections.Counter)
    errors: collections.Counter = field(default_factory=collections.Counter)  # last line of stderr
    notes: collections.Counter = field(default_factory=collections.Counter)
    slowest: float = 0.0
    slowest_way: str = ""
    pauses: list[int] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)  # where looks were that took longer than SLOW

    def text(self) -> str:
        exits = ", ".join(f"{count} × exit {code}" for code, count in sorted(self.exits.items(), key=str))
        pauses = sorted(self.pauses)
        if pauses:
            exits += f"; pause µs median {pauses[len(pauses) // 2]} 99 % {pauses[len(pauses) * 99 // 100]} max {pauses[-1]}"
        if self.slow:
            exits += f"; {len(self.slow)} longer than {SLOW:.0f} s, at: {' | '.join(self.slow[:3])}"
        return f"{exits}; slowest {1000 * self.slowest:.0f} ms ({self.slowest_way})"


class Eye:
    def __init__(self, kaa: str):
        self._kaa = kaa

    def look(self, pid: int, turn: int, tally: Tally, allowed: tuple[int, ...], judge=None) -> list[str]:
        """One look; gives what was wrong about it."""
        way = WAYS[turn % len(WAYS)]
        process = subprocess.Popen([self._kaa, "bt", str(pid), *way], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, errors="replace")
        start = time.monotonic()
        try:
            output, errors = _outcome(process, tally)
        except subprocess.TimeoutExpired:
            tally.exits["hung"] += 1
            where = kernel.whereabouts(process.pid)
            process.kill()
            process.communicate()
            return [f"look {turn} {way}: hung for {PATIENCE:.0f} s: {where}"]
        seconds = time.monotonic() - start
        if seconds > tally.slowest:
            tally.slowest, tally.slowest_way = seconds, f"look {turn} {' '.join(way)}"
        tally.exits[process.returncode] += 1
        if process.returncode not in allowed:
            last = (errors or output).strip().splitlines()[-1:] or ["nothing said"]
            tally.errors[last[0][:300]] += 1
            return [f"look {turn} {way}: exit {process.returncode}: {last[0][:300]}"]
        return _read(output, way, process.returncode, tally, judge)

    def look_and_be_killed(self, pid: int, turn: int, most_ms: float) -> None:
        """Starts a look and kills it at a random instant within so many milliseconds."""
        way = WAYS[turn % len(WAYS)]
        process = subprocess.Popen([self._kaa, "bt", str(pid), *way], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + random.uniform(0, most_ms) / 1000
        while time.monotonic() < deadline:
            pass
        process.kill()
        process.wait()


def _outcome(process: subprocess.Popen, tally: Tally) -> tuple[str, str]:
    """Waits for its end; notes where a slow one is."""
    try:
        return process.communicate(timeout=SLOW)
    except subprocess.TimeoutExpired:
        tally.slow.append(kernel.whereabouts(process.pid))
        return process.communicate(timeout=PATIENCE - SLOW)


def _read(text: str, way: list[str], code: int, tally: Tally, judge) -> list[str]:
    if code == USER_ERROR or "--json" not in way:
        return []
    try:
        report = json.loads(text)
    except ValueError as error:
        tally.lies["not JSON"] += 1
        return [f"{way}: not JSON: {error}"]
    if isinstance(report, list):
        report = report[0]
    tally.pauses.append(report.get("pauseMicroseconds") or 0)
    for note in report.get("notes", []):
        tally.notes[note["code"]] += 1
    lies = judge(report, way, code == COMPLETE) if judge else []
    for lie in lies:
        tally.lies[lie] += 1
    return [f"{way}: {lie}" for lie in lies]
