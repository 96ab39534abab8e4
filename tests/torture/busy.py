"""Looks at a process that does everything at once, and that knows what must come of it."""
import os
import time
from dataclasses import dataclass

import signals
import slots as counters
import truth
from harness import kernel, workshop as shop
from harness.interpreters import Interpreter
from harness.target import Target
from harness.workshop import Workshop
from looks import COMPLETE, INCOMPLETE, Eye, Tally
from slots import SIGNALS, Slots

KILL_WITHIN_MS = 10.0


@dataclass
class Verdict:
    """One scenario's outcome: what went wrong, and what it was like."""
    name: str
    faults: list[str]
    figures: str

    def print(self) -> None:
        print(f"{'FAIL' if self.faults else 'ok':5} {self.name}: {self.figures}", flush=True)
        for fault in self.faults[:20]:
            print(f"      {fault}")
        if len(self.faults) > 20:
            print(f"      … and {len(self.faults) - 20} more", flush=True)


class Busy:
    """A running busy.py, its counters, and the signals that are sent to it."""

    def __init__(self, interpreter: Interpreter, workshop: Workshop):
        arguments = [workshop.copy("busy.py"), workshop.build("busy.c", "busy.so", shop.SHARED),
                     workshop.build("child.c", "child", shop.STATIC), workshop.seen(workshop.host / "slots"),
                     workshop.build("busy.c", "visitor.so", shop.SHARED)]
        self.slots = Slots(workshop.host / "slots")
        # An IPC namespace of its own: System V semaphores and queues outlive a process that is killed, a namespace they do not.
        own_ipc = ("unshare", "--ipc") if os.geteuid() == 0 else ()
        self.target = Target(interpreter, ["-W", "ignore", *arguments], before=own_ipc)
        self.pid = self.target.pid
        self._sender = signals.Sender(self.pid)

    def __enter__(self):
        self._sender.__enter__()
        return self

    def __exit__(self, *_):
        self._sender.__exit__()
        self.target.kill()

    def rounds(self) -> int:
        return sum(slot.rounds for slot in self.slots.read().values())

    def wait_for_progress(self, patience: float = 60.0) -> list[str]:
        """Waits until every activity has done something more; gives those that do not."""
        before = self.slots.read()
        deadline = time.monotonic() + patience
        while (stuck := counters.idle(before, self.slots.read())) and time.monotonic() < deadline:
            time.sleep(0.01)
        return [f"{name} makes no progress" for name in stuck]

    def end(self, stopped_by_us: bool = False) -> list[str]:
        """Checks that all goes on, ends it, and gives everything that is not as it must be."""
        faults = [f"thread {held}" for held in kernel.still_held(self.pid)]
        faults += self.wait_for_progress()
        self._sender.__exit__()
        faults += self._lost_signals()
        self.target.tell("stop")
        faults += [f"the target says {answer}" for answer in [self.target.line()] if answer != "stopped"]
        status = self.target.finish()
        faults += [f"the target ended with status {status}"] if status else []
        return faults + counters.disturbed(self.slots.read(), stopped_by_us)

    def _lost_signals(self) -> list[str]:
        sender, deadline = self._sender, time.monotonic() + 10
        while (arrived := self.slots.read()[SIGNALS]).rounds < sender.sent and time.monotonic() < deadline:
            time.sleep(0.001)
        same = arrived.rounds == sender.sent and arrived.latest_us == sender.sum
        return [] if same else [f"{sender.sent} signals sent (sum {sender.sum}), {arrived.rounds} arrived (sum {arrived.latest_us})"]


def alone(interpreter: Interpreter, seconds: float) -> Verdict:
    """The counters themselves: with nobody looking, all of them stay zero."""
    with Workshop(interpreter.root) as workshop, Busy(interpreter, workshop) as busy:
        time.sleep(seconds)
        faults = busy.end()
        return Verdict(f"{interpreter.name} alone", faults, f"{seconds:.0f} s, {busy.rounds():,} rounds")


def looked_at(interpreter: Interpreter, eye: Eye, count: int) -> Verdict:
    """Looks one after another: nothing in the target may notice, and each answer must be right."""
    tally, faults = Tally(), []
    with Workshop(interpreter.root) as workshop, Busy(interpreter, workshop) as busy:
        start = time.monotonic()
        for turn in range(count):
            faults += eye.look(busy.pid, turn, tally, (COMPLETE, INCOMPLETE), truth.judge)
            if not busy.target.alive():
                return Verdict(f"{interpreter.name} looked at", faults + [f"the target died at look {turn}"], tally.text())
        seconds = time.monotonic() - start
        faults = busy.end() + faults
        figures = f"{count} looks in {seconds:.0f} s, {busy.rounds():,} rounds; {tally.text()}; notes {dict(tally.notes)}"
        return Verdict(f"{interpreter.name} looked at", faults, figures)


def kaa_killed(interpreter: Interpreter, eye: Eye, count: int) -> Verdict:
    """kill -9 of Kaa at random instants: the target goes on as if nothing had been."""
    faults = []
    with Workshop(interpreter.root) as workshop, Busy(interpreter, workshop) as busy:
        for turn in range(count):
            eye.look_and_be_killed(busy.pid, turn, KILL_WITHIN_MS)
            if turn % 20 == 0:
                faults += [f"after kill {turn}: thread {held}" for held in kernel.still_held(busy.pid)]
            if not busy.target.alive():
                return Verdict(f"{interpreter.name} Kaa killed", faults + [f"the target died at kill {turn}"], f"{turn} kills")
        faults = busy.end() + faults
        return Verdict(f"{interpreter.name} Kaa killed", faults, f"{count} kills, {busy.rounds():,} rounds")


def stopped_and_continued(interpreter: Interpreter, eye: Eye, count: int) -> Verdict:
    """SIGSTOP before, and in the midst of, a look: the target stays stopped until SIGCONT, then goes on."""
    tally, faults = Tally(), []
    with Workshop(interpreter.root) as workshop, Busy(interpreter, workshop) as busy:
        for turn in range(count):
            signals.stop(busy.pid)
            if turn % 2 == 0:
                signals.wait_stopped(busy.pid)
            faults += eye.look(busy.pid, turn, tally, (COMPLETE, INCOMPLETE), truth.judge)
            if turn % 2 == 1:
                signals.wait_stopped(busy.pid)
            state = kernel.status(busy.pid, busy.pid).get("State", "gone")
            faults += [] if state.startswith("T") else [f"turn {turn}: stopped by SIGSTOP, then {state}"]
            signals.go_on(busy.pid)
        faults = busy.end(stopped_by_us=True) + faults
        return Verdict(f"{interpreter.name} stopped and continued", faults, f"{count} times; {tally.text()}")
