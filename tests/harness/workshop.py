"""A directory that the target can see, and C programs built into it."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import interpreters

PROGRAMS = interpreters.REPOSITORY / "tests" / "programs"

# No library is named in what is built: it finds libc's functions in whatever libc the interpreter has, musl's too.
SHARED = ("-shared", "-fPIC", "-nostdlib", "-fno-stack-protector")
STATIC = ("-static",)


class Workshop:
    """A temporary directory inside the root that an interpreter runs in. Paths differ: host's and target's."""

    def __init__(self, root: str | None):
        self._root = root
        temporary = os.path.join(root, "tmp") if root else None
        self.host = Path(tempfile.mkdtemp(prefix="kaa-workshop-", dir=temporary))
        self.host.chmod(0o755)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.host, ignore_errors=True)

    def seen(self, path: Path) -> str:
        """The path as the target would write it."""
        return "/" + str(path.relative_to(self._root)) if self._root else str(path)

    def copy(self, name: str) -> str:
        shutil.copy(PROGRAMS / name, self.host)
        return self.seen(self.host / name)

    def write(self, name: str, text: str) -> str:
        (self.host / name).write_text(text)
        return self.seen(self.host / name)

    def build(self, source: str, output: str, flags: tuple[str, ...]) -> str:
        build(PROGRAMS / source, self.host / output, flags)
        return self.seen(self.host / output)


def build(source: Path, output: Path, flags: tuple[str, ...]) -> Path:
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-std=gnu11", "-Wall", "-Werror", *flags, "-o", output, source], check=True)
    return output
