"""What the kernel says of a process, from /proc."""
import os
import time


def tids(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except (FileNotFoundError, ProcessLookupError):
        return []


def status(pid: int, tid: int) -> dict[str, str]:
    """The fields of a thread's status; empty once it has ended."""
    try:
        with open(f"/proc/{pid}/task/{tid}/status") as file:
            lines = [line.split(":", 1) for line in file]
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {line[0]: line[1].strip() for line in lines if len(line) == 2}


def switches(pid: int, tid: int) -> int:
    """How often a thread has gone to sleep of its own will. A thread that was woken, by a debugger too, has one more."""
    return int(status(pid, tid).get("voluntary_ctxt_switches", "0"))


def held(pid: int) -> list[str]:
    """Threads that are stopped or traced: "tid state tracer" each."""
    found = []
    for tid in tids(pid):
        fields = status(pid, tid)
        if fields and (fields["State"][0] in "tT" or fields["TracerPid"] != "0"):
            found.append(f"{tid} {fields['State']} tracer {fields['TracerPid']}")
    return found


def still_held(pid: int, patience: float = 2.0) -> list[str]:
    """Threads that do not come free; the kernel takes a moment to let go of a dead tracer's threads."""
    deadline = time.monotonic() + patience
    while (found := held(pid)) and time.monotonic() < deadline:
        time.sleep(0.001)
    return found


def wait_until_asleep(pid: int, expected: int, patience: float = 60.0) -> None:
    """Returns once that many threads of the process sleep in a system call."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if sum(_asleep(pid, tid) for tid in tids(pid)) >= expected:
            return
        time.sleep(0.002)
    raise RuntimeError(f"process {pid} did not get {expected} threads to sleep in {patience:.0f} s")


def _asleep(pid: int, tid: int) -> bool:
    try:
        with open(f"/proc/{pid}/task/{tid}/syscall") as file:
            return file.read()[0].isdigit() and status(pid, tid)["State"][0] == "S"
    except (OSError, KeyError, IndexError):
        return False


def whereabouts(pid: int) -> str:
    """What each thread of a process is in: for one that should have ended."""
    lines = []
    for tid in tids(pid):
        try:
            with open(f"/proc/{pid}/task/{tid}/syscall") as call, open(f"/proc/{pid}/task/{tid}/wchan") as place:
                lines.append(f"{tid} {status(pid, tid).get('State')} in {call.read().strip()} at {place.read()}")
        except OSError as error:
            lines.append(f"{tid}: {error}")
    return "; ".join(lines)
