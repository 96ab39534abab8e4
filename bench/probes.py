"""`bench/run probes`: what a hook costs the program that it is in, in turns with the program alone: a call whose condition is false, and one that is recorded with its Python stack."""
import argparse
import datetime
import os
import signal
import statistics
import subprocess
import sys
import time

from harness import interpreters
from harness.target import Target
from harness.workshop import Workshop

BAR_NS = 1000
BAR_EVENTS = 200_000
PIECES = 5
FITS = 30_000  # events that the ring holds: none is lost, however slow the reader is
CALLER = """import ctypes, sys, time
calls = ctypes.CDLL(sys.argv[1]).calls
calls.restype = ctypes.c_double
print("ready"); sys.stdout.flush()
for line in iter(sys.stdin.readline, ""):
    print("took %r" % calls(int(line))); sys.stdout.flush()
"""
LIBRARY = """#include <time.h>
__attribute__((noinline, visibility("default"))) int probed(int value) { __asm__ volatile("" : "+r"(value)); return value + 1; }
static double now(void) { struct timespec t; clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); return t.tv_sec + t.tv_nsec / 1e9; }
__attribute__((visibility("default"))) double calls(int count) {
    double begun = now();
    for (int i = 0; i < count; i++) probed(i & 0xff);
    return (now() - begun) / count * 1e9;
}
"""


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    for name in options.interpreter:
        interpreter = interpreters.select([name])[0]
        with Workshop(interpreter.root) as workshop:
            (workshop.host / "probed.c").write_text(LIBRARY)
            subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", workshop.host / "probed.so", workshop.host / "probed.c"], check=True)
            (workshop.host / "caller.py").write_text(CALLER)
            with Target(interpreter, [workshop.seen(workshop.host / "caller.py"), workshop.seen(workshop.host / "probed.so")]) as target:
                _measure(interpreter, target, options)
    return 0


def _measure(interpreter, target: Target, options) -> None:
    plain, false, recorded, reading = [], [], [], []
    for _ in range(options.rounds):
        plain.append(_took(target, options.calls))
        with Trace(options.kaa, target.pid, ["--when", "arg0 == 12345"]):
            false.append(_took(target, options.calls))
        with Trace(options.kaa, target.pid, []) as trace:
            _took(target, FITS)
            idle = trace.processor_seconds()
            for _ in range(PIECES):
                recorded.append(_took(target, FITS))
                trace.wait_until_read()
            reading.append((trace.processor_seconds() - idle) / (PIECES * FITS))
    base = statistics.median(plain)
    added = statistics.median(false) - base
    event = statistics.median(recorded) - base
    print(f"{datetime.date.today()}, {interpreter.name}, processor time of the calling thread, median of {options.rounds} rounds in turns")
    print(f"  a call alone {base:.1f} ns; condition false adds {added:.0f} ns (≤ {BAR_NS}: {'met' if added <= BAR_NS else 'MISSED'})")
    read = 1 / statistics.median(reading)
    print(f"  recorded with its Python stack adds {event:.0f} ns: {1e9 / max(event, 1):,.0f} a second; Kaa reads {read:,.0f} in a second of its own processor time "
          f"(≥ {BAR_EVENTS:,}: {'met' if min(1e9 / max(event, 1), read) >= BAR_EVENTS else 'MISSED'})")


def _took(target: Target, calls: int) -> float:
    target.tell(str(calls))
    return float(target.line().split()[1])


def _processor_seconds(pid: int | str) -> float:
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Trace:
    """kaa trace at work, from when it says so to Ctrl-C."""

    def __init__(self, kaa: str, pid: int, more: list[str], output=subprocess.DEVNULL):
        self._process = subprocess.Popen([kaa, "trace", str(pid), "--call", "probed", "--top", *more], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, text=True)

    def processor_seconds(self) -> float:
        """Of the process that was started, and of the copy that does the work."""
        pid = self._process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            return sum(map(_processor_seconds, [pid, *children.read().split()]))

    def wait_until_read(self) -> None:
        """Until it sleeps for good: it uses no processor for a while."""
        before, since = self.processor_seconds(), time.monotonic()
        while time.monotonic() - since < 0.3:
            time.sleep(0.02)
            if self.processor_seconds() > before + 0.01:
                before, since = self.processor_seconds(), time.monotonic()

    def __enter__(self):
        line = self._process.stderr.readline()
        if "tracing 1 function" not in line:
            raise RuntimeError(f"kaa trace: {line}{self._process.stderr.read()}")
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)
        self._process.stderr.close()


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run probes", description=__doc__)
    parser.add_argument("--kaa", metavar="PATH", default=str(interpreters.REPOSITORY / "artifacts" / "kaa"))
    parser.add_argument("--interpreter", metavar="NAME", action="append", help="default: 3.11.7")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=2_000_000)
    options = parser.parse_args(arguments)
    options.interpreter = options.interpreter or ["3.11.7"]
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
