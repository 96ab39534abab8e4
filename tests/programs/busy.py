"""A process that does everything at once and knows what the result of it all must be. Runs on 2.7 and later.

Usage: busy.py BUSY.so CHILD SLOTS VISITOR.so. Says "ready", works until it is told "stop", ends all of it and says "stopped".
Every activity owns a slot of the file SLOTS (struct slot of busy.c), where the test reads how it goes: rounds done, calls that were
interrupted, that ended early, that went wrong. Signals are for the main thread alone; in all others they are blocked, so whatever
interrupts those came from outside.
"""
from __future__ import print_function
import ctypes
import mmap
import os
import select
import signal
import subprocess
import sys
import threading
import time

TIMED_WAITS = ["epoll_wait", "epoll_pwait", "sigtimedwait", "semtimedop", "recv", "poll", "ppoll", "select", "pselect", "nanosleep",
               "clock_absolute", "usleep", "futex", "futex_absolute", "timerfd"]
ENDLESS_WAITS = ["epoll_wait", "recv", "semop", "msgrcv", "sigwaitinfo", "pause", "select", "futex"]
LOOPS = ["timed_waits", "endless_wait", "pipe_ping", "pipe_pong", "keep_registers", "vfork_often", "load_often"]
TOLERANCE = 20000  # ns: a timeout given as a float is cut to whole microseconds

c = ctypes.CDLL(sys.argv[1])
c.now_ns.restype = ctypes.c_int64
stopping = threading.Event()
threads = []


class Slot(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char * 24)] + [(name, ctypes.c_uint64) for name in "rounds interrupted early wrong latest_us".split()]


class Slots(object):
    """Each number is stored at once: the test may read at any instant."""

    def __init__(self, path):
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)
        self.count = len(self.memory) // ctypes.sizeof(Slot)
        self.places = (Slot * self.count).from_buffer(self.memory)
        self.taken = 0

    def take(self, name):
        index, self.taken = self.taken, self.taken + 1
        self.places[index].name = name.encode()
        return index

    def add(self, index, rounds=0, interrupted=0, early=0, wrong=0):
        slot = self.places[index]
        slot.rounds += rounds
        slot.interrupted += interrupted
        slot.early += early
        slot.wrong += wrong


slots = Slots(sys.argv[3])


def begin(name, function, *arguments):
    thread = threading.Thread(target=function, args=(slots.take(name),) + arguments, name=name)
    thread.daemon = True
    threads.append(thread)
    thread.start()


# --- stacks that never change, so that a look's answer can be judged -------------------------------------------------------------

def parked_outer(_slot):
    parked_middle({"who": "parked", "list": [1, 2, 3]})


def parked_middle(argument):
    text = "a local"
    parked_inner(argument, text)


def parked_inner(argument, text):
    while not stopping.wait(100000):
        pass


# --- work with a known result --------------------------------------------------------------------------------------------------

def checksum(seed):
    a, text, table = seed, [], {}
    for i in range(1500):
        a = (a * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        table[a % 97] = table.get(a % 97, 0.0) + (a % 1000) / 7.0
        text.append("%x" % (a >> 40))
    return hash_of("".join(sorted(text)) + repr(sorted(table.items())))


def hash_of(text):
    value = 14695981039346656037
    for byte in bytearray(text.encode()):
        value = ((value ^ byte) * 1099511628211) % (1 << 64)
    return value


def checksums(slot, seed, expected):
    while not stopping.is_set():
        slots.add(slot, rounds=1, wrong=int(checksum(seed) != expected))


def ping_pong(slot, mine, other, box, step):
    while not stopping.is_set():
        mine.acquire()
        wrong = box[0] % 2 != step
        box[0] += 1
        other.release()
        slots.add(slot, rounds=1, wrong=int(wrong and not stopping.is_set()))
        time.sleep(0.0005)
    other.release()


# --- waits in Python -----------------------------------------------------------------------------------------------------------

def timed(slot, wait, seconds):
    start = c.now_ns()
    try:
        wait(seconds)
    except (IOError, OSError, select.error):
        slots.add(slot, rounds=1, interrupted=1)
        return
    slots.add(slot, rounds=1, early=int(c.now_ns() - start < seconds * 1e9 - TOLERANCE))


def waits(slot, wait):
    while not stopping.is_set():
        for seconds in (0.001, 0.004, 0.002, 0.015):
            timed(slot, wait, seconds)


def begin_waits():
    reader, _ = os.pipe()
    epoll, poll = select.epoll(), select.poll()
    epoll.register(reader, select.EPOLLIN)
    poll.register(reader, select.POLLIN)
    begin("py epoll", waits, epoll.poll)
    begin("py poll", waits, lambda seconds: poll.poll(seconds * 1000))
    begin("py select", waits, lambda seconds: select.select([reader], [], [], seconds))
    begin("py sleep", waits, time.sleep)
    begin("py event", waits, threading.Event().wait)
    if sys.version_info >= (3, 2):
        held = threading.Lock()
        held.acquire()
        begin("py lock", waits, lambda seconds: held.acquire(True, seconds))


# --- churn ---------------------------------------------------------------------------------------------------------------------

def forks(slot):
    code = 0
    while not stopping.is_set():
        code = (code + 1) % 100
        pid = os.fork()
        if pid == 0:
            os._exit(code)
        _, status = os.waitpid(pid, 0)
        slots.add(slot, rounds=1, wrong=int(status != code << 8))
        time.sleep(0.005)


def spawns(slot):
    code = 0
    while not stopping.is_set():
        code = (code + 1) % 100
        slots.add(slot, rounds=1, wrong=int(subprocess.call([sys.argv[2], str(code)]) != code))
        time.sleep(0.005)


def thread_churn(slot):
    while not stopping.is_set():
        box = []
        some = [threading.Thread(target=box.append, args=(i,)) for i in range(4)]
        for thread in some:
            thread.start()
        for thread in some:
            thread.join()
        slots.add(slot, rounds=1, wrong=int(sorted(box) != [0, 1, 2, 3]))
        time.sleep(0.003)


# --- all of it -----------------------------------------------------------------------------------------------------------------

def begin_c():
    assert c.open_slots(sys.argv[3].encode(), slots.count) == 0 and c.open_pipes() == 0
    assert c.set_visitor(sys.argv[4].encode()) == 0
    for kind, name in enumerate(TIMED_WAITS):
        begin("c " + name, lambda slot, kind=kind: c.timed_waits(kind, slot))
        c.start_raw(LOOPS.index("timed_waits"), kind, slots.take("raw " + name))
    for kind, name in enumerate(ENDLESS_WAITS):
        c.start_raw(LOOPS.index("endless_wait"), kind, slots.take("endless " + name))
    begin("load_often, Python's", lambda slot: c.load_often(0, slot))
    for name in LOOPS[2:]:
        c.start_raw(LOOPS.index(name), 0, slots.take(name))


def begin_python():
    for i in range(2):
        begin("checksum", checksums, i + 1, checksum(i + 1))
    first, second, box = threading.Semaphore(1), threading.Semaphore(0), [0]
    begin("ping", ping_pong, first, second, box, 0)
    begin("pong", ping_pong, second, first, box, 1)
    begin_waits()
    for name, churn in (("fork", forks), ("spawn", spawns), ("thread churn", thread_churn)):
        begin(name, churn)
    begin("parked", parked_outer)


def listen():
    sys.stdin.readline()
    c.stop_loops()
    stopping.set()


def main():
    c.block_signals()
    begin_c()
    begin_python()
    ticks = slots.take("ticks")
    signal.signal(signal.SIGALRM, lambda *_: slots.add(ticks, rounds=1))
    c.count_signals(slots.take("queued signals"))
    listener = threading.Thread(target=listen)
    listener.daemon = True
    listener.start()
    c.unblock_signals()
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    print("ready")
    sys.stdout.flush()
    while not stopping.is_set():
        signal.pause()
    signal.setitimer(signal.ITIMER_REAL, 0)
    c.block_signals()
    for thread in threads:
        thread.join(30)
    print("stopped" if not any(thread.is_alive() for thread in threads) else "stuck")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
