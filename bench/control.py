"""`bench/run control`: running code in a process (`kaa exec`), by state and way, as whole commands; breakpoints, beside gdb."""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import time

import breakpoints
from harness import interpreters
from harness.target import Target
from harness.workshop import Workshop

BAR_MS = 50
STATES = {
    "runs Python": "x = 0\nwhile True: x = (x * 31 + 7) % 1000003",
    "sleeps": "import time\ntime.sleep(100000)",
    "selects": "import os, select\nselect.select([os.pipe()[0]], [], [])",
    "polls epoll": "import os, select\ne = select.epoll()\ne.register(os.pipe()[0], 1)\ne.poll()",
    "waits for a lock": "import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()",
    "waits for an Event": "import threading\nthreading.Event().wait()",
    "all threads blocked": "import threading\ne = threading.Event()\nfor _ in range(3): threading.Thread(target=e.wait).start()\ne.wait()",
    "in C without the GIL": "import ctypes\nctypes.CDLL(None).sleep(100000)",
    "others want the GIL": "import threading\ndef spin():\n    while True: sum(range(100))\nfor _ in range(2): threading.Thread(target=spin, daemon=True).start()\nthreading.Event().wait()",
}


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    for name in options.interpreter:
        interpreter = interpreters.select([name])[0]
        print(f"{datetime.date.today()}, {interpreter.name}, median of {options.rounds} runs: in all as kaa tells it | longest pause of a thread | whole command")
        for state, code in STATES.items():
            print(_line(state, _measure(interpreter, code, options)), flush=True)
        breakpoints.report(interpreter, os.path.abspath(options.kaa))
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run control", description=__doc__)
    parser.add_argument("--kaa", metavar="PATH", default=str(interpreters.REPOSITORY / "artifacts" / "kaa"))
    parser.add_argument("--interpreter", metavar="NAME", action="append", help="default: 3.11.7")
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args(arguments)
    options.interpreter = options.interpreter or ["3.11.7"]
    return options


def _measure(interpreter, code: str, options) -> dict:
    found: dict = {"wall_ms": [], "in_ms": [], "pause_ms": [], "ways": set()}
    with Workshop(interpreter.root) as workshop:
        script = workshop.host / "state.py"
        script.write_text("import sys\nprint('ready')\nsys.stdout.flush()\n" + code + "\n")
        with Target(interpreter, [workshop.seen(script)]) as target:
            for _ in range(options.rounds):
                _run(os.path.abspath(options.kaa), target.pid, found)
    return found


def _run(kaa: str, pid: int, found: dict) -> None:

    start = time.monotonic()
    result = subprocess.run([kaa, "exec", str(pid), "len(sys.modules)", "--json"], capture_output=True, stdin=subprocess.DEVNULL, text=True)
    found["wall_ms"].append((time.monotonic() - start) * 1000)
    if result.returncode:
        raise RuntimeError(f"exec: exit {result.returncode}: {(result.stderr or result.stdout)[-300:]}")
    answer = json.loads(result.stdout)
    found["in_ms"].append(answer["seconds"] * 1000)
    found["pause_ms"].append(answer["pauseMicroseconds"] / 1000)
    found["ways"].add(answer["way"])


def _line(state: str, found: dict) -> str:
    inner, pause, wall = (statistics.median(found[key]) for key in ("in_ms", "pause_ms", "wall_ms"))
    met = "met" if wall <= BAR_MS else "MISSED"
    return f"  {state:22} {inner:6.1f} ms | {pause:5.2f} ms | {wall:6.1f} ms (≤ {BAR_MS}: {met})  {', '.join(sorted(found['ways']))}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
