"""kill -9 of Kaa at a random instant; what it has done by a copy of itself comes to its end in order."""
import glob
import os
import random
import signal
import subprocess
import time

PATIENCE = 120.0
DIE = "KAA_TEST_DIE_AFTER_WRITE"


def be_killed(command: list[str], pid: int, within_ms: float) -> bool:
    """Starts it, kills it, and waits for its copy's end; false where that does not come, or threads of the process are still traced."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, within_ms) / 1000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    end = time.monotonic() + PATIENCE
    while _is_there(pid, command[0]) or _is_traced(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


def die_after(command: list[str], write: int) -> str:
    """What changes the process is ended by itself, as by kill -9, after so many of its writes."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, DIE: str(write)}, timeout=PATIENCE)
    return "in time" if result.returncode == 128 + signal.SIGKILL else "too late"


def _is_there(pid: int, kaa: str) -> bool:
    """One that has just been made still has its parent's name."""
    for line in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(line, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if (words[0].startswith(b"kaa-watched-") or words[0] == kaa.encode()) and str(pid).encode() in words:
            return True
    return False


def _is_traced(pid: int) -> bool:
    for status in glob.glob(f"/proc/{pid}/task/*/status"):
        try:
            with open(status) as file:
                if "TracerPid:\t0\n" not in file.read():
                    return True
        except OSError:
            pass
    return False
