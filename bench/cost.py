"""What one run of a command cost: wall clock, processor, peak memory, and what it printed."""
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness import workshop

PATIENCE_MS = 20_000


@dataclass(frozen=True)
class Cost:
    wall_ms: float
    cpu_ms: float
    peak_mb: float
    status: int  # exit code; negative for a signal
    hung: bool   # killed after its patience
    start_ns: int  # CLOCK_MONOTONIC
    end_ns: int
    output: str


class Meter:
    """Runs commands by way of measure.c, which says why it is a program of its own."""

    def __init__(self, directory: Path):
        self._program = workshop.build(Path(__file__).parent / "measure.c", directory / "measure", workshop.STATIC)

    def run(self, command: list[str], patience_ms: int = PATIENCE_MS) -> Cost:
        output = os.memfd_create("output")
        answer, answer_end = os.pipe()
        try:
            subprocess.run(["/bin/sh", "-c", 'exec "$0" "$@" 3>&%d' % answer_end, str(self._program), str(patience_ms), *command],
                           stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=(answer_end,), check=True)
            os.close(answer_end)
            wall, cpu, peak, status, hung, start, end = map(int, os.read(answer, 200).split())
            os.lseek(output, 0, os.SEEK_SET)
            with os.fdopen(os.dup(output), errors="replace") as file:
                text = file.read()
        finally:
            os.close(output)
            os.close(answer)
        return Cost(wall / 1e6, cpu / 1e6, peak / 1024, os.waitstatus_to_exitcode(status), hung == 1, start, end, text)
