"""`bench/run mem`: what tracking allocations costs a program: added processor time, peak memory and the file, for Kaa, memray and tracemalloc on the same interpreter, in turns."""
import argparse
import datetime
import os
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness import interpreters
from harness.target import Target
from harness.workshop import Workshop

PROGRAMS = ["fib", "json", "objects", "threads", "buffers", "deep300", "deep3000"]
SAMPLES = {"512K": "kaa sample 512K", "2M": "kaa sample 2M"}  # bytes between samples; 2 MiB is what tcmalloc does by default, and docs/mem.md recommends where it is always on


@dataclass(frozen=True)
class Way:
    """How a program is run: Kaa's arguments where it is attached, or what comes between the interpreter and the program."""
    name: str
    kaa: tuple[str, ...] | None = None
    between: tuple[str, ...] = ()
    writes: bool = False


@dataclass
class Outcome:
    """Beside each time that of the same process before Kaa came: one process may be a third slower than the other, by where its memory lies."""
    seconds: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)


KAA = [Way("kaa system", ("--allocators", "system"), writes=True), Way("kaa all", (), writes=True), *(Way(name, ("--sample", size), writes=True) for size, name in SAMPLES.items()),
       Way("kaa native", ("--native", "--allocators", "system"), writes=True)]
MEMRAY = [Way("memray", None, (), True), Way("memray python", None, ("--trace-python-allocators",), True), Way("memray native", None, ("--native",), True)]
TRACEMALLOC = Way("tracemalloc", None, ("-X", "tracemalloc=25"))
# What is held against what: at most half of its added time, and of its file; where stacks are deep, no more than its time.
BARS = [("kaa system", "memray"), ("kaa all", "memray python"), ("kaa native", "memray native")]


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    interpreter = interpreters.select([options.interpreter])[0]
    if options.memray:
        command = shlex.split(options.memray)
        root = command[1] if os.path.basename(command[0]) == "chroot" else None
        interpreter = replace(interpreter, name=command[-1], launch=tuple(command), root=root)
    ways = [Way("plain"), *KAA, *(MEMRAY if options.memray else []), *([] if options.no_tracemalloc else [TRACEMALLOC])]
    print(f"{datetime.date.today()}, {interpreter.name}, added processor time of the program (median of {options.rounds} turns; in each the best of {options.repeats} runs; with Kaa by the same process's before), peak memory, file")
    print(f"{'':10}{'':>12}" + "".join(f"{way.name:>25}" for way in ways[1:]))
    missed = 0
    with tempfile.TemporaryDirectory(prefix="kaa-bench-") as scratch, Workshop(interpreter.root) as workshop:
        program = workshop.copy("memory.py")
        for name in options.program or PROGRAMS:
            outcomes = {way.name: Outcome() for way in ways}
            for turn in range(options.rounds):
                for way in ways[turn % len(ways):] + ways[:turn % len(ways)]:
                    _measure(interpreter, way, workshop, program, name, options, Path(scratch), outcomes[way.name])
            missed += _print(name, ways, outcomes)
    return min(missed, 1)


def _measure(interpreter, way: Way, workshop: Workshop, program: str, name: str, options, scratch: Path, outcome: Outcome) -> None:
    file = scratch / "kaa.mem" if way.kaa is not None else workshop.host / "memray.bin"
    file.unlink(missing_ok=True)
    arguments = [program]
    if way in MEMRAY:
        arguments = ["-m", "memray", "run", "--force", "--quiet", *way.between, "-o", workshop.seen(file), program]
    elif way.between:
        arguments = [*way.between, program]
    with Target(interpreter, arguments) as target:
        target.tell(f"{name} 1")  # what is made once
        target.line()
        if way.kaa is not None:
            outcome.before.append(_fastest(target, name, options.repeats))
        recorder = _attach(options.kaa, target.pid, file, way.kaa) if way.kaa is not None else None
        outcome.seconds.append(_fastest(target, name, options.repeats))
        outcome.peaks.append(_peak(target.pid))
        if recorder is not None:
            _end(recorder)
        target.finish()
    if way.writes:
        outcome.sizes.append(file.stat().st_size)


def _fastest(target: Target, name: str, repeats: int) -> float:
    target.tell(f"{name} {repeats}")
    return min(map(float, target.line().split()))


def _attach(kaa: str, pid: int, file: Path, more: tuple[str, ...]) -> subprocess.Popen:
    recorder = subprocess.Popen([kaa, "mem", "attach", str(pid), "-o", str(file), *more], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    line = recorder.stderr.readline()
    if "recording process" not in line:
        raise RuntimeError(f"kaa mem: {line}{recorder.stderr.read()}")
    return recorder


def _end(recorder: subprocess.Popen) -> None:
    recorder.send_signal(signal.SIGTERM)
    told = recorder.stderr.read()
    if recorder.wait(60) not in (0, 3) or "lost" in told:
        print(f"  kaa mem: {told.strip()}", file=sys.stderr)


def _peak(pid: int) -> int:
    """Bytes."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))


def _print(name: str, ways: list[Way], outcomes: dict[str, Outcome]) -> int:
    base = statistics.median(sum((outcome.before for outcome in outcomes.values()), outcomes["plain"].seconds))
    added = {way.name: _added(outcomes[way.name], base) for way in ways}
    sizes = {way.name: statistics.median(outcomes[way.name].sizes) if way.writes else 0 for way in ways}
    cells = []
    for way in ways[1:]:
        size = f" {sizes[way.name] / 1e3:,.0f} kB" if way.writes else ""
        cells.append(f"{added[way.name]:+.0%} {statistics.median(outcomes[way.name].peaks) / 1e6:.0f} MB{size}")
    print(f"{name:10}{base * 1e3:>9.2f} ms" + "".join(f"{cell:>25}" for cell in cells))
    verdicts = []
    for ours, theirs in BARS:
        if theirs in added:
            share, most = (1, "") if name.startswith("deep") else (0.5, "½ of ")
            verdicts.append((f"{ours}: added time {added[ours]:.0%} (≤ {most}{added[theirs]:.0%})", added[ours] <= max(added[theirs], 0) * share))
            verdicts.append((f"file ({sizes[ours] / max(sizes[theirs], 1):.2f} ≤ ½)", sizes[ours] <= sizes[theirs] / 2))
    most_seldom = added[SAMPLES["2M"]]
    verdicts.append((f"sample 2M {most_seldom:.1%} (≤ 3 %)", most_seldom <= 0.03))
    print(" " * 10 + " · ".join(f"{text}: {'met' if met else 'MISSED'}" for text, met in verdicts), flush=True)
    return sum(not met for _, met in verdicts)


def _added(outcome: Outcome, base: float) -> float:
    return statistics.median(after / before for after, before in zip(outcome.seconds, outcome.before or [base] * len(outcome.seconds))) - 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run mem", description=__doc__)
    parser.add_argument("--kaa", metavar="PATH", default=str(interpreters.REPOSITORY / "artifacts" / "kaa"))
    parser.add_argument("--interpreter", metavar="NAME", default="3.11.7")
    parser.add_argument("--memray", metavar="COMMAND", help="an interpreter that has memray, instead of --interpreter: 'chroot ROOT /usr/bin/python3.14' (with /proc in ROOT)")
    parser.add_argument("--program", action="append", choices=PROGRAMS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=50, help="runs of a program in each turn")
    parser.add_argument("--no-tracemalloc", action="store_true")
    options = parser.parse_args(arguments)
    if options.memray and not shutil.which(shlex.split(options.memray)[0]):
        parser.error(f"there is no {options.memray}")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
