"""The interpreters that eng/pythons lists in its manifest."""
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Interpreter:
    name: str
    version: str
    launch: tuple[str, ...]
    executable: str
    root: str | None
    free_threaded: bool
    debug: bool
    embedded: str | None

    @property
    def minor(self) -> tuple[int, int]:
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)


def load() -> list[Interpreter]:
    """All interpreters of the manifest that start as `python` does; programs that merely embed one are left out."""
    answer = subprocess.run([REPOSITORY / "eng" / "pythons", "--manifest"], check=True, capture_output=True, text=True)
    rows = json.loads(Path(answer.stdout.strip()).read_text())
    return [_from_row(row) for row in rows if not row["embedded"]]


def select(names: list[str] | None) -> list[Interpreter]:
    """Those with the given names; all where none are given. An unknown name ends the program."""
    known = load()
    if not names:
        return known
    by_name = {interpreter.name: interpreter for interpreter in known}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise SystemExit(f"no interpreter {', '.join(unknown)}; there are: {', '.join(by_name)}")
    return [by_name[name] for name in names]


def _from_row(row: dict) -> Interpreter:
    return Interpreter(row["name"], row["version"], tuple(row["launch"]), row["executable"], row["root"],
                       row["freeThreaded"], row["debug"], row["embedded"])
