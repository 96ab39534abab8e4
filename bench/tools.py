"""The commands that are measured: Kaa and whichever of its peers are there."""
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.interpreters import REPOSITORY, Interpreter


@dataclass(frozen=True)
class Tool:
    name: str
    path: str
    # (interpreter, pid, whether locals are wanted, whether C frames are) → arguments, or None where the tool can't do that
    arguments: Callable[[Interpreter, int, bool, bool], list[str] | None]

    def command(self, interpreter: Interpreter, pid: int, with_locals: bool, native: bool = False) -> list[str] | None:
        arguments = self.arguments(interpreter, pid, with_locals, native)
        return None if arguments is None else [self.path, *arguments]


def find(kaa: str | None, given: list[str]) -> list[Tool]:
    """Kaa first. `given` are NAME=PATH; peers that are neither given nor on the PATH are left out."""
    paths = {name: shutil.which(name) for name in PEERS}
    for pair in given:
        name, _, path = pair.partition("=")
        if name not in PEERS or not path:
            raise SystemExit(f"--peer {pair}: give NAME=PATH, where NAME is one of {', '.join(PEERS)}")
        paths[name] = path
    kaa = kaa or str(REPOSITORY / "artifacts" / "kaa")
    if not os.access(kaa, os.X_OK):
        raise SystemExit(f"{kaa} is not there: run eng/publish, or give --kaa PATH")
    peers = [Tool(name, path, PEERS[name]) for name, path in paths.items() if path]
    return [Tool("kaa", os.path.abspath(kaa), _kaa), *peers]


def _kaa(_: Interpreter, pid: int, with_locals: bool, native: bool) -> list[str]:
    return ["bt", str(pid), *(["--locals"] if with_locals else []), *(["--native"] if native else [])]


def _gdb(interpreter: Interpreter, pid: int, with_locals: bool, native: bool) -> list[str] | None:
    script = _libpython(interpreter)
    if script is None:
        return None
    command = "py-bt-full" if with_locals else "py-bt"
    return ["-batch", "-nx", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off", "-p", str(pid),
            "-ex", f"source {script}", "-ex", f"thread apply all {command}", *(["-ex", "thread apply all bt"] if native else [])]


def _libpython(interpreter: Interpreter) -> str | None:
    """CPython's own gdb script, which fits one minor version: from $KAA_BENCH_LIBPYTHON, a file or a directory of
    libpython-MAJOR.MINOR.py, else from beside the interpreter or its library."""
    given = os.environ.get("KAA_BENCH_LIBPYTHON")
    if given and os.path.isfile(given):
        return given
    name = "%d.%d" % interpreter.minor
    beside = Path(interpreter.executable)
    candidates = [Path(given) / f"libpython-{name}.py"] if given else []
    candidates += [Path(f"{beside}-gdb.py"), *beside.parent.parent.glob(f"lib/libpython{name}*-gdb.py"),
                   *Path("/usr/share/gdb/auto-load/usr/bin").glob(f"python{name}-gdb.py")]
    return next((str(path) for path in candidates if path.is_file()), None)


def _pystack(_: Interpreter, pid: int, with_locals: bool, native: bool) -> list[str]:
    return ["remote", *(["--locals"] if with_locals else []), *(["--native"] if native else []), str(pid)]


def _py_spy(_: Interpreter, pid: int, with_locals: bool, native: bool) -> list[str]:
    return ["dump", *(["--locals"] if with_locals else []), *(["--native"] if native else []), "--pid", str(pid)]


def _austin(_: Interpreter, pid: int, with_locals: bool, native: bool) -> list[str] | None:
    return None if with_locals or native else [f"--where={pid}"]


PEERS = {"py-spy": _py_spy, "austin": _austin, "pystack": _pystack, "gdb": _gdb}
