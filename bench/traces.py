"""`bench/run trace`: hits per second of `kaa trace`, beside strace with and without stacks."""
import argparse
import datetime
import json
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from harness import interpreters
from harness.target import Target
from harness.workshop import Workshop

STRACE = shutil.which("strace")
TIMES_STRACE_K = 20
CALLS_A_SECOND = 200_000


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    kaa = os.path.abspath(options.kaa)
    for interpreter in interpreters.select(options.interpreter):
        ways = {
            "kaa --syscall": [kaa, "trace", "{}", "--json", "--syscall", "stat,newfstatat"],
            "kaa --syscall --top": [kaa, "trace", "{}", "--top", "--syscall", "stat,newfstatat"],
            "kaa --call": [kaa, "trace", "{}", "--json", "--call", "stat", "--call", "stat64"],
            "kaa --call --top": [kaa, "trace", "{}", "--top", "--call", "stat", "--call", "stat64"],
        }
        if STRACE:
            ways["strace"] = [STRACE, "-f", "-e", "trace=stat,newfstatat", "-o", "{out}", "-p", "{}"]
            ways["strace -k"] = [STRACE, "-f", "-k", "-e", "trace=stat,newfstatat", "-o", "{out}", "-p", "{}"]
        rates: dict[str, list[float]] = {name: [] for name in ways}
        with Workshop(interpreter.root) as workshop, Target(interpreter, [workshop.copy("callers.py")]) as target:
            for _ in range(options.rounds):
                for name, command in ways.items():
                    rates[name].append(_rate(command, target.pid, options.seconds))
        _print(interpreter.name, options, {name: statistics.median(each) for name, each in rates.items()})
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run trace", description=__doc__)
    parser.add_argument("--kaa", metavar="PATH", default=str(interpreters.REPOSITORY / "artifacts" / "kaa"))
    parser.add_argument("--interpreter", metavar="NAME", action="append", default=None)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    options.interpreter = options.interpreter or ["3.11.7"]
    return options


def _rate(command: list[str], pid: int, seconds: float) -> float:
    """Hits that were written, by the second; the time from the first to the last of them is not known of all, so that of the command's work counts."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "out"
        with open(Path(directory) / "stdout", "wb") as stdout, open(Path(directory) / "stderr", "wb") as stderr:
            process = subprocess.Popen([part.replace("{out}", str(out)).replace("{}", str(pid)) for part in command], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
            _wait_until_tracing(out, Path(directory) / "stderr", process)
            started = time.monotonic()
            before = _count(out)
            time.sleep(seconds)
            took = time.monotonic() - started
            after = _count(out)
            process.send_signal(signal.SIGINT)
            process.wait(timeout=120)
        if out.exists():
            return (after - before) / took
        return _hits(Path(directory) / "stdout", (Path(directory) / "stderr").read_text()) / took


def _wait_until_tracing(out: Path, errors: Path, process: subprocess.Popen) -> None:
    """kaa says so; strace has written its first line."""
    while not (out.exists() and out.stat().st_size) and "kaa: tracing" not in errors.read_text():
        if process.poll() is not None:
            raise RuntimeError(errors.read_text())
        time.sleep(0.005)


def _count(out: Path) -> int:
    if not out.exists():
        return 0
    with open(out, "rb") as file:
        return sum(b"stat" in line and not line.startswith(b" >") for line in file)


def _hits(output: Path, errors: str) -> int:
    """Those that were shown: by the last line of JSON, or of "kaa: 1,234 hits in 2.0 s[, 12 of them not shown]"."""
    last = output.read_bytes().rsplit(b"\n", 2)[-2]
    if last.startswith(b"{"):
        end = json.loads(last)
        return end["hits"] - end["lost"]
    words = next(line for line in errors.splitlines() if " hits in " in line).replace(",", "").split()
    lost = int(words[words.index("of") - 1]) if "of" in words else 0
    return int(words[1]) - lost


def _print(name: str, options, rates: dict[str, float]) -> None:
    print(f"{datetime.date.today()}, {name}, hits a second with the Python stack (11 frames), median of {options.rounds} × {options.seconds:g} s, load {os.getloadavg()[0]:.0f}")
    for way, rate in rates.items():
        bar = ""
        if way.startswith("kaa --syscall") and rates.get("strace -k"):
            times = rate / rates["strace -k"]
            bar = f"  {times:.0f} × strace -k (≥ {TIMES_STRACE_K}: {'met' if times >= TIMES_STRACE_K else 'MISSED'})"
        elif way.startswith("kaa --call"):
            bar = f"  (≥ {CALLS_A_SECOND:,}: {'met' if rate >= CALLS_A_SECOND else 'MISSED'})"
        print(f"  {way:22} {rate:10,.0f}/s{bar}", flush=True)
