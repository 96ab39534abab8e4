"""Costs as lines of text."""
from rows import Outcome

WIDTH = 26


def heading(tools: list[str]) -> list[str]:
    return [f"{'':24} " + "".join(f"{name:>{WIDTH}}" for name in tools),
            f"{'interpreter threads×depth':24} " + "".join(f"{'ms, MB, ms cpu, ratio':>{WIDTH}}" for _ in tools)]


def cells(name: str, outcomes: dict[str, Outcome], verdicts: list[str]) -> list[str]:
    """The row itself, and its bars in a line below. Ratio: the tool's time in Kaa's."""
    kaa = outcomes["kaa"]
    base = kaa.median("wall_ms") if kaa.failure() is None else None
    return [f"{name:24} " + "".join(f"{_cell(outcome, base):>{WIDTH}}" for outcome in outcomes.values()),
            f"{'':24} {' · '.join(verdicts)}"]


def _cell(outcome: Outcome, base: float | None) -> str:
    failure = outcome.failure()
    if failure and not failure.startswith("partial"):
        return failure
    wall = outcome.median("wall_ms")
    text = f"{wall:.1f} {outcome.median('peak_mb'):.1f} {outcome.median('cpu_ms'):.1f}"
    text += f" {wall / base:.1f}×" if base else ""
    return f"{text} {failure}" if failure else text
