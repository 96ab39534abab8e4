"""THREADS threads, the main one among them, each DEPTH calls deep and asleep. Says "ready" once all are about to sleep.

Usage: sleepers.py THREADS DEPTH [CLOCK.so RING]. With a clock, one more thread reads it and writes its jumps to RING.
Twenty functions call each other in turn, so that a stack is neither one frame repeated nor as many code objects as frames.
"""
from __future__ import print_function
import os
import sys
import threading
import time

FUNCTIONS = 20
TEMPLATE = '''
def step_%02d(left, sleep):
    name = "step %d"
    seen = {"left": left, "name": name, "pair": (left, 2.5)}
    if left == 1:
        return sleep()
    return step_%02d(left - 1, sleep)
'''


def define():
    """Writes the functions into a file beside this one and runs it, so that every tool finds the lines of their source."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "steps.py")
    text = "".join(TEMPLATE % (i, i, (i + 1) % FUNCTIONS) for i in range(FUNCTIONS))
    with open(path, "w") as file:
        file.write(text)
    exec(compile(text, path, "exec"), globals())


def sleep_of_main():
    print("ready")
    sys.stdout.flush()
    time.sleep(100000)


def main():
    threads, depth = int(sys.argv[1]), int(sys.argv[2])
    define()
    started = threading.Semaphore(0)

    def sleep():
        started.release()
        time.sleep(100000)

    sys.setrecursionlimit(depth + 200)
    threading.stack_size(64 << 20)
    workers = [threading.Thread(target=globals()["step_00"], args=(depth, sleep), name="worker-%d" % i) for i in range(1, threads)]
    if len(sys.argv) > 3:
        import ctypes  # not every interpreter has it
        clock = ctypes.CDLL(sys.argv[3])
        workers.append(threading.Thread(target=clock.watch, args=(sys.argv[4].encode(),), name="clock"))
    for worker in workers:
        worker.daemon = True
        worker.start()
    for _ in range(threads - 1):
        started.acquire()
    globals()["step_00"](depth, sleep_of_main)


if __name__ == "__main__":
    main()
