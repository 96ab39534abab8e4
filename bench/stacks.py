"""`bench/run stacks`: stacks of sleeping threads, Kaa beside its peers."""
import argparse
import datetime
import os
import sys
import tempfile
from pathlib import Path

import pauses
import rows
import table
import tools as commands
from bars import verdicts
from cost import Meter
from harness import interpreters
from harness.interpreters import Interpreter
from rows import Row

SHAPES = [(threads, depth) for threads in (3, 30, 150) for depth in (10, 100, 1000)] + [(150, 20)]
SHAPED = "3.11.7"  # the interpreter of those rows


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    tools = commands.find(options.kaa, options.peer)
    chosen = interpreters.select(options.interpreter)
    lines = [_header(tools, options.rounds)]
    with tempfile.TemporaryDirectory() as directory:
        meter = Meter(Path(directory))
        for title, part in _parts(chosen, options.only):
            lines.append(title)
            lines += _measure_part(part, tools, meter, options.rounds)
        if "pause" in options.only:
            lines += _measure_pauses(chosen, tools, meter, options.rounds)
    if options.save:
        path = Path(__file__).parent / "results" / f"stacks-{datetime.date.today()}.txt"
        path.write_text("\n".join(line.rstrip() for line in lines) + "\n")
        print(f"saved {path}", file=sys.stderr)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run stacks", description=__doc__)
    parser.add_argument("--kaa", metavar="PATH", help="default: artifacts/kaa")
    parser.add_argument("--peer", metavar="NAME=PATH", action="append", default=[], help="a peer that is not on the PATH; may be repeated")
    parser.add_argument("--interpreter", metavar="NAME", action="append", help="of eng/pythons --list; default: all")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", action="append", choices=["versions", "shapes", "locals", "native", "pause"], help="parts; default: all")
    parser.add_argument("--save", action="store_true", help="write the tables to bench/results/")
    options = parser.parse_args(arguments)
    options.only = options.only or ["versions", "shapes", "locals", "native", "pause"]
    return options


def _header(tools: list[commands.Tool], rounds: int) -> str:
    text = (f"{datetime.date.today()}, {_processor()}, {os.cpu_count()} processors, Linux {os.uname().release}; "
            f"medians of {rounds} rounds, tools in turns: {', '.join(tool.name for tool in tools)}")
    print(text)
    return text


def _processor() -> str:
    with open("/proc/cpuinfo") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown processor")


def _parts(chosen: list[Interpreter], only: list[str]) -> list[tuple[str, list[Row]]]:
    shaped = next((each for each in chosen if each.name == SHAPED), chosen[0])
    parts = []
    if "versions" in only:
        parts.append(("\nThree sleeping threads, three functions deep", [Row(each, 3, 3, False) for each in chosen]))
    if "shapes" in only:
        parts.append((f"\nThreads × depth, {shaped.name}", [Row(shaped, *shape, False) for shape in SHAPES]))
    if "locals" in only:
        some = [Row(each, 3, 3, True) for each in chosen]
        parts.append(("\nWith locals", some + [Row(shaped, *shape, True) for shape in ((30, 10), (150, 20), (30, 100))]))
    if "native" in only:
        some = [Row(each, 3, 3, False, True) for each in chosen]
        parts.append(("\nWith C frames", some + [Row(shaped, 150, 20, False, True)]))
    return parts


def _measure_part(part: list[Row], tools: list[commands.Tool], meter: Meter, rounds: int) -> list[str]:
    lines = table.heading([tool.name for tool in tools])
    print(*lines, sep="\n", flush=True)
    for row in part:
        try:
            outcomes = rows.measure(row, tools, meter, rounds)
            fresh = table.cells(row.name, outcomes, verdicts(row, outcomes))
        except RuntimeError as error:
            fresh = [f"{row.name:24} no target: {error}"]
        print(*fresh, sep="\n", flush=True)
        lines += fresh
    return lines


def _measure_pauses(chosen: list[Interpreter], tools: list[commands.Tool], meter: Meter, rounds: int) -> list[str]:
    lines = ["\nLongest stop of a running thread in a look, µs, as that thread sees it; sleeping threads woken a look"]
    print(lines[0])
    shaped = next((each for each in chosen if each.name == SHAPED), chosen[0])
    for threads, depth in ((3, 3), (150, 20)):
        row = Row(shaped, threads, depth, False)
        for name, pause in pauses.measure(row, tools, meter, rounds).items():
            woken = sum(pause.woken) / max(1, len(pause.woken))
            bar = _pause_bar(pause, woken) if name == "kaa" else ""
            lines.append(f"{row.name:24} {name:10} {pause.text:>22} {woken:8.1f} woken  {bar}")
            print(lines[-1], flush=True)
    return lines


def _pause_bar(pause: pauses.Pause, woken: float) -> str:
    if not pause.longest:
        return "pause ≤ 1 ms: not measured"
    short = sorted(pause.longest)[len(pause.longest) // 2] <= 1000
    return f"pause ≤ 1 ms: {'met' if short else 'MISSED'}; wakes no sleeper: {'met' if woken == 0 else 'MISSED'}"
