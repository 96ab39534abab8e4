"""The bars that Kaa is held to: medians of one run on one target, whole commands. DESIGN sections 6 and 7 say why these."""
from rows import Outcome, Row

PEAK_MB = 25


def verdicts(row: Row, outcomes: dict[str, Outcome]) -> list[str]:
    """One text for each bar that applies to this row: met, or MISSED and by what factor."""
    kaa = outcomes["kaa"]
    if kaa.failure():
        return [f"kaa: {kaa.failure()}"]
    found = [_bar(f"peak ≤ {PEAK_MB} MB", kaa.median("peak_mb") / PEAK_MB), *_sleepers(kaa)]
    for peer, most in _ratios(row):
        other = outcomes.get(peer)
        if other is not None and other.failure() is None:
            found.append(_bar(f"{peer} × {most:g}", kaa.median("wall_ms") / (other.median("wall_ms") * most)))
    return found


def _ratios(row: Row) -> list[tuple[str, float]]:
    """(peer, most that Kaa's time may be of the peer's)."""
    if row.native:
        return [("py-spy", 1.0)]
    if (row.threads, row.depth) == (3, 3):
        ratios = [("py-spy", 1.0), ("pystack", 0.1), ("gdb", 1 / 40)]
        return ratios + ([("austin", 1.0)] if row.interpreter.name == "3.11.7" else [])
    if (row.threads, row.depth) == (150, 20) and not row.with_locals:
        return [("austin", 1.0)]
    return []


def _sleepers(kaa: Outcome) -> list[str]:
    return [f"wakes no sleeper {'met' if kaa.woken == 0 else f'MISSED ({kaa.woken})'}"]


def _bar(name: str, part: float) -> str:
    return f"{name} {'met' if part <= 1 else f'MISSED ({part:.2f} of it)'}"
