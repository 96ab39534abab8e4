"""Hits of a breakpoint with a condition and a Python stack each second, beside gdb's `commands … py-bt … end`; and what a condition that never holds adds to a call."""
import os
import re
import shutil
import subprocess
import tempfile

PROGRAM = """
import os, sys, time
def call(number):
    try:
        os.mkdir("/nowhere/foo%d" % number)
    except OSError:
        pass
count = int(sys.argv[1])
begin = time.time()
for number in range(count):
    call(number)
print("seconds %.6f" % (time.time() - begin))
"""
ALWAYS = ['break mkdir if $_regex((char*) $rdi, ".*foo.*")', "commands", "silent", "py-bt", "continue", "end", "run"]
ROWS = {
    "condition on a text, py-bt, continue": (ALWAYS, 5000),
    "the same, the process stopped each time": (["set breakpoint always-stop on", *ALWAYS], 500),
    "the same with py-locals": ([line.replace("py-bt", "py-locals") for line in ALWAYS], 3000),
    "condition on a text that never holds": (['break mkdir if $_regex((char*) $rdi, ".*bar.*")', "run"], 5000),
    "condition on Python that never holds": (['break mkdir if py.function == "nobody"', "run"], 5000),
    "condition on a number that never holds": (["break mkdir if $rsi == 5", "run"], 5000),
}


def report(interpreter, kaa: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        program = os.path.join(directory, "calls.py")
        with open(program, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        command = [*interpreter.launch, program]
        print(f"breakpoint at mkdir, hits a second; without it {_rate([*command, '200000'], 200000):,.0f} calls a second")
        for name, (lines, count) in ROWS.items():
            script = _script(directory, lines)
            rate = _rate([kaa, "debug", "--batch", "-x", script, "--", *command, str(count)], count)
            print(f"  {name:40} {rate:12,.0f}", flush=True)
        if shutil.which("gdb") and os.path.exists(interpreter.executable + "-gdb.py"):
            script = _script(directory, ["source " + interpreter.executable + "-gdb.py", "set breakpoint pending on", *ALWAYS])
            rate = _rate(["gdb", "-nx", "-batch", "-x", script, "--args", *command, "60"], 60)
            print(f"  {'gdb: ' + next(iter(ROWS)):40} {rate:12,.0f}", flush=True)


def _script(directory: str, lines: list[str]) -> str:
    path = os.path.join(directory, "script")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def _rate(command: list[str], count: int) -> float:
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False)
    found = re.search(r"^seconds ([0-9.]+)", result.stdout, re.M)
    if not found:
        raise SystemExit(f"no figure from {command[:4]}: {result.stdout[-500:]}{result.stderr[-500:]}")
    return count / float(found.group(1))
