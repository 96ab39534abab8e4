"""How long a look keeps a running thread from running, as that thread itself sees it."""
import mmap
import statistics
import struct
import time
from dataclasses import dataclass

from cost import Meter
from harness import kernel, workshop as shop
from harness.workshop import Workshop
from rows import Row, start
from tools import Tool

HEADER = struct.Struct("<Qqq")
JUMP = struct.Struct("<qqq")
PLACES = 1 << 16


@dataclass(frozen=True)
class Jump:
    start_ns: int
    length_ns: int
    waited_ns: int  # for a processor: the scheduler's doing

    @property
    def stopped_us(self) -> float:
        return max(0, self.length_ns - self.waited_ns) / 1000


class Ring:
    """What the clock thread of tests/programs/clock.c writes down."""

    def __init__(self, path):
        with open(path, "w+b") as file:
            file.truncate(HEADER.size + PLACES * JUMP.size)
            self._memory = mmap.mmap(file.fileno(), 0)

    def settle(self) -> int:
        """Waits until the clock has been read after this moment; gives the number of jumps so far."""
        moment = time.monotonic_ns()
        while HEADER.unpack_from(self._memory)[1] < moment:
            time.sleep(0.0005)
        return HEADER.unpack_from(self._memory)[0]

    @property
    def tid(self) -> int:
        """The clock thread's."""
        return HEADER.unpack_from(self._memory)[2]

    def since(self, count: int) -> list[Jump]:
        return [Jump(*JUMP.unpack_from(self._memory, HEADER.size + i % PLACES * JUMP.size))
                for i in range(count, HEADER.unpack_from(self._memory)[0])]


@dataclass
class Pause:
    """Longest stop in each look, in microseconds, and how many sleeping threads a look woke."""
    longest: list[float]
    woken: list[int]

    @property
    def text(self) -> str:
        if not self.longest:
            return "FAIL"
        return f"{statistics.median(self.longest):.0f} (max {max(self.longest):.0f})"


def measure(row: Row, tools: list[Tool], meter: Meter, rounds: int) -> dict[str, Pause]:
    """Looks at a target whose clock thread never sleeps; "no look" waits as long as Kaa's look took, and shows the noise."""
    pauses = {name: Pause([], []) for name in ["no look", *(tool.name for tool in tools)]}
    with Workshop(row.interpreter.root) as workshop:
        clock = workshop.build("clock.c", "clock.so", shop.SHARED)
        ring = Ring(workshop.host / "ring")
        with start(row, workshop, clock, workshop.seen(workshop.host / "ring")) as target:
            ring.settle()
            seconds = 0.01
            for turn in range(rounds + 1):
                for tool in tools:
                    command = tool.command(row.interpreter, target.pid, row.with_locals)
                    if command is None:
                        continue
                    kernel.wait_until_asleep(target.pid, row.threads)
                    sleepers = _sleepers(target.pid, ring)
                    count = ring.settle()
                    cost = meter.run(command)
                    ring.settle()
                    if tool.name == "kaa":
                        seconds = cost.wall_ms / 1000
                    if turn > 0 and cost.status == 0:
                        _note(pauses[tool.name], ring.since(count), target.pid, sleepers)
                kernel.wait_until_asleep(target.pid, row.threads)
                sleepers = _sleepers(target.pid, ring)
                count = ring.settle()
                time.sleep(seconds)
                ring.settle()
                if turn > 0:
                    _note(pauses["no look"], ring.since(count), target.pid, sleepers)
    return pauses


def _sleepers(pid: int, ring: Ring) -> dict[int, int]:
    return {tid: kernel.switches(pid, tid) for tid in kernel.tids(pid) if tid != ring.tid}


def _note(pause: Pause, jumps: list[Jump], pid: int, sleepers: dict[int, int]) -> None:
    pause.longest.append(max((jump.stopped_us for jump in jumps), default=0.0))
    pause.woken.append(sum(kernel.switches(pid, tid) != count for tid, count in sleepers.items()))
