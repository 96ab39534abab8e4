"""Queued signals sent to a target, each with a value: none may be lost."""
import ctypes
import os
import signal
import threading
import time

_libc = ctypes.CDLL(None, use_errno=True)
SIGNAL = signal.SIGRTMIN + 1


class Sender:
    """Sends from a thread of its own until it is stopped. The target must be our child."""

    def __init__(self, pid: int):
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self.sent = 0
        self.sum = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _send(self) -> None:
        value = 0
        while not self._stop.wait(0.002):
            value = value % 1000 + 1
            if _libc.sigqueue(self._pid, SIGNAL, ctypes.c_void_p(value)) == 0:
                self.sent += 1
                self.sum += value


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


def go_on(pid: int) -> None:
    os.kill(pid, signal.SIGCONT)


def wait_stopped(pid: int, patience: float = 10.0) -> None:
    """Returns once the kernel has told us, its parent, that the process has stopped."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG | os.WUNTRACED) != (0, 0):
            return
        time.sleep(0.0005)
    raise RuntimeError(f"process {pid} did not stop")
