"""`bench/run core`: cores of living processes, `kaa core` beside gdb's `gcore`."""
import argparse
import datetime
import os
import shutil
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cost import Meter
from harness import interpreters, workshop as shop
from harness.target import Target
from harness.workshop import Workshop
from pauses import Ring

GIB = 1 << 30
PAUSE_MS_A_GIB = 50
PART_OF_GCORE = 1 / 3
PATIENCE_MS = 600_000  # gcore writes a GiB within a minute, on a quiet machine
GCORE = shutil.which("gcore")


@dataclass
class Result:
    pauses_ms: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    disk_mb: float = 0.0

    @property
    def pause(self) -> float:
        return statistics.median(self.pauses_ms)

    @property
    def total(self) -> float:
        return statistics.median(self.seconds)


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    interpreter = interpreters.select([options.interpreter])[0]
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        meter = Meter(Path(directory))
        print(f"{datetime.date.today()}, {interpreter.name}, medians of {options.rounds} rounds: pause as a thread of the target sees it, total of the command, file")
        for gib in options.gib:
            for pages in ("4 KiB", "2 MiB"):
                results = _measure(interpreter, gib, pages, options, meter, Path(directory))
                print(_line(gib, pages, results), flush=True)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run core", description=__doc__)
    parser.add_argument("--kaa", metavar="PATH", default=str(interpreters.REPOSITORY / "artifacts" / "kaa"))
    parser.add_argument("--interpreter", metavar="NAME", default="3.11.7")
    parser.add_argument("--gib", type=float, action="append", help="memory of the target; default: 0.25 and 1")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", metavar="DIR", help="where cores are written")
    options = parser.parse_args(arguments)
    options.gib = options.gib or [0.25, 1]
    return options


def _measure(interpreter, gib: float, pages: str, options, meter: Meter, directory: Path) -> dict[str, Result]:
    results = {"kaa": Result(), "kaa --no-snapshot": Result()}
    if GCORE:
        results["gcore"] = Result()
    with Workshop(interpreter.root) as workshop:
        clock = workshop.build("clock.c", "clock.so", shop.SHARED)
        ring = Ring(workshop.host / "ring")
        script = workshop.copy("resident.py")
        with Target(interpreter, [script, str(int(gib * GIB)), pages.split()[1], clock, workshop.seen(workshop.host / "ring")]) as target:
            ring.settle()
            for _ in range(options.rounds):
                for name, result in results.items():
                    _run(name, result, target.pid, ring, meter, os.path.abspath(options.kaa), directory)
    return results


def _run(name: str, result: Result, pid: int, ring: Ring, meter: Meter, kaa: str, directory: Path) -> None:
    path = directory / "core"
    command = [GCORE, "-o", str(path), str(pid)] if name == "gcore" else [kaa, "core", *name.split()[1:], str(pid), "-o", str(path)]
    count = ring.settle()
    cost = meter.run(command, PATIENCE_MS)
    ring.settle()
    if cost.status != 0:
        raise RuntimeError(f"{name}: exit {cost.status}: {cost.output[-300:]}")
    result.pauses_ms.append(max((jump.stopped_us for jump in ring.since(count)), default=0.0) / 1000)
    result.seconds.append(cost.wall_ms / 1000)
    written = Path(f"{path}.{pid}") if name == "gcore" else path
    result.disk_mb = written.stat().st_blocks * 512 / 1e6
    written.unlink()


def _line(gib: float, pages: str, results: dict[str, Result]) -> str:
    cells = [f"{name}: {result.pause:.1f} ms, {result.total:.2f} s, {result.disk_mb:.0f} MB" for name, result in results.items()]
    kaa = results["kaa"]
    bars = [f"pause ≤ {PAUSE_MS_A_GIB} ms a GiB {_met(kaa.pause <= PAUSE_MS_A_GIB * max(gib, 0.1))}"]
    if "gcore" in results:
        bars.append(f"total ≤ 1/3 of gcore {_met(kaa.total <= results['gcore'].total * PART_OF_GCORE)}")
    return f"{gib:g} GiB in pages of {pages}: " + " | ".join(cells) + "\n    " + " · ".join(bars)


def _met(so: bool) -> str:
    return "met" if so else "MISSED"
