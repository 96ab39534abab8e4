"""Looks at processes that end, become another program, or change their user meanwhile. Their exit status tells whether they noticed."""
import os
import random
import threading
import time

from busy import Verdict
from harness import kernel
from harness.interpreters import Interpreter
from harness.target import Target
from harness.workshop import Workshop
from looks import COMPLETE, INCOMPLETE, USER_ERROR, Eye, Tally

ANY = (COMPLETE, USER_ERROR, INCOMPLETE)
EXECS = 30


def ends_meanwhile(interpreter: Interpreter, eye: Eye, count: int) -> Verdict:
    tally, faults = Tally(), []
    with Workshop(interpreter.root) as workshop:
        program = workshop.copy("restless.py")
        for turn in range(count):
            with Target(interpreter, [program, "exit"]) as target:
                closing = threading.Timer(random.uniform(0, 0.015), target.process.stdin.close)
                closing.start()
                faults += eye.look(target.pid, turn, tally, ANY)
                closing.join()
                faults += _status(target, 43)
    return Verdict(f"{interpreter.name} ends meanwhile", faults, tally.text())


def execs_meanwhile(interpreter: Interpreter, eye: Eye, count: int) -> Verdict:
    tally, faults, turn = Tally(), [], 0
    with Workshop(interpreter.root) as workshop:
        program = workshop.copy("restless.py")
        while turn < count:
            with Target(interpreter, [program, "exec", str(EXECS)]) as target:
                while target.alive() and turn < count:
                    faults += eye.look(target.pid, turn, tally, ANY)
                    turn += 1
                faults += _status(target, 44)
    return Verdict(f"{interpreter.name} execs meanwhile", faults, tally.text())


def changes_user_meanwhile(interpreter: Interpreter, eye: Eye, count: int) -> Verdict:
    tally, faults = Tally(), []
    with Workshop(interpreter.root) as workshop:
        os.chmod(workshop.host, 0o755)
        with Target(interpreter, [workshop.copy("restless.py"), "setuid"]) as target:
            for turn in range(count):
                faults += eye.look(target.pid, turn, tally, ANY)
            faults += [f"thread {held}" for held in kernel.still_held(target.pid)]
            target.process.stdin.close()
            faults += _status(target, 45)
    return Verdict(f"{interpreter.name} changes its user meanwhile", faults, tally.text())


def _status(target: Target, expected: int) -> list[str]:
    deadline = time.monotonic() + 60
    while target.alive() and time.monotonic() < deadline:
        time.sleep(0.001)
    status = target.process.poll()
    return [] if status == expected else [f"the target ended with status {status}, not {expected}"]
