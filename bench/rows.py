"""One row: a target, and what each tool's look at it cost, in turns."""
import re
import statistics
from dataclasses import dataclass, field

from cost import Cost, Meter
from harness import kernel
from harness.interpreters import Interpreter
from harness.target import Target
from harness.workshop import Workshop
from tools import Tool

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
STEP = re.compile(r"\bstep_\d\d\b")


@dataclass
class Outcome:
    """A tool's runs on one target."""
    expected: int  # frames of the program
    costs: list[Cost] = field(default_factory=list)
    woken: int = 0  # sleeping threads that woke because of the looks, summed over all of them

    def failure(self) -> str | None:
        """None where every run showed the program's frames; else what went wrong, for the table."""
        if not self.costs:
            return "n/a"
        if any(cost.hung for cost in self.costs):
            return "hangs"
        if any(cost.status < 0 for cost in self.costs):
            return "FAIL (crash)"
        if any(cost.status != 0 for cost in self.costs):
            return "FAIL"
        fewest = min(_frames(cost) for cost in self.costs)
        if fewest == 0:
            return "none"
        return None if fewest >= self.expected else f"partial {100 * fewest // self.expected} %"

    def median(self, what: str) -> float:
        return statistics.median(getattr(cost, what) for cost in self.costs)


def _frames(cost: Cost) -> int:
    """Lines that name a function of the program; a tool that prints the source line names the next one there, in another line."""
    return sum(1 for line in COLOUR.sub("", cost.output).splitlines() if STEP.search(line) and "return step_" not in line)


@dataclass(frozen=True)
class Row:
    interpreter: Interpreter
    threads: int
    depth: int
    with_locals: bool
    native: bool = False

    @property
    def name(self) -> str:
        more = (" locals" if self.with_locals else "") + (" native" if self.native else "")
        return f"{self.interpreter.name} {self.threads}×{self.depth}{more}"


def start(row: Row, workshop: Workshop, *more: str) -> Target:
    target = Target(row.interpreter, [workshop.copy("sleepers.py"), str(row.threads), str(row.depth), *more])
    kernel.wait_until_asleep(target.pid, row.threads)
    return target


def measure(row: Row, tools: list[Tool], meter: Meter, rounds: int) -> dict[str, Outcome]:
    """Round after round, each tool once, beginning with another one each time. The first round warms up and does not count,
    except that a tool which hangs in it is not asked again."""
    outcomes = {tool.name: Outcome(row.threads * row.depth) for tool in tools}
    with Workshop(row.interpreter.root) as workshop, start(row, workshop) as target:
        commands = {tool.name: tool.command(row.interpreter, target.pid, row.with_locals, row.native) for tool in tools}
        asked = [name for name, command in commands.items() if command]
        for turn in range(rounds + 1):
            for name in asked[turn % len(asked):] + asked[:turn % len(asked)]:
                outcome = outcomes[name]
                if outcome.failure() == "hangs":
                    continue
                kernel.wait_until_asleep(target.pid, row.threads)  # a debugger that has left may have woken them
                before = _switches(target.pid)
                cost = meter.run(commands[name])
                if turn > 0 or cost.hung:
                    outcome.costs.append(cost)
                    outcome.woken += _woken(target.pid, before)
        if not target.alive():
            raise RuntimeError(f"{row.name}: the target died")
    return outcomes


def _switches(pid: int) -> dict[int, int]:
    return {tid: kernel.switches(pid, tid) for tid in kernel.tids(pid)}


def _woken(pid: int, before: dict[int, int]) -> int:
    return sum(kernel.switches(pid, tid) != count for tid, count in before.items())
