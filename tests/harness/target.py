"""A Python process to look at. It says "ready", and ends when its standard input does."""
import os
import select
import subprocess
import time

from .interpreters import Interpreter


class Target:
    def __init__(self, interpreter: Interpreter, arguments: list[str], patience: float = 120.0, before: tuple[str, ...] = ()):
        """`before`: a command to run it by, which becomes it by exec."""
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        self.interpreter = interpreter
        self.process = subprocess.Popen([*before, *interpreter.launch, "-u", *arguments], env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.pid = self.process.pid
        try:
            self.expect("ready", patience)
        except BaseException:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def tell(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def line(self, patience: float = 120.0) -> str:
        """The next line that the target prints. Nothing may be buffered here before: the target answers once per question."""
        readable, _, _ = select.select([self.process.stdout], [], [], patience)
        if not readable:
            raise RuntimeError(f"{self.interpreter.name}: no answer within {patience:.0f} s")
        return self.process.stdout.readline().rstrip("\n")

    def expect(self, word: str, patience: float = 120.0) -> None:
        answer = self.line(patience)
        if answer != word:
            raise RuntimeError(f"{self.interpreter.name}: expected {word!r}, got {answer!r}")

    def alive(self) -> bool:
        return self.process.poll() is None

    def finish(self, patience: float = 60.0) -> int:
        """Closes its input and gives its exit status; RuntimeError where it does not end."""
        self.process.stdin.close()
        deadline = time.monotonic() + patience
        try:
            return self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{self.interpreter.name}: did not end within {patience:.0f} s") from None

    def kill(self) -> None:
        if self.alive():
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()
