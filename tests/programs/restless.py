"""Processes that change under a look's hands. Each says "ready", and ends with a status that is known beforehand.

Usage: restless.py exit         threads that sleep and run; ends with 43 when its input does
       restless.py exec COUNT   becomes itself again COUNT times, with threads each time; ends with 44
       restless.py setuid       changes its user to and fro in all threads until its input ends; ends with 45
"""
from __future__ import print_function
import os
import sys
import threading
import time


def sleep():
    time.sleep(100000)


def spin():
    while True:
        sum(range(2000))
        if sys.version_info[0] == 2:
            time.sleep(0.0001)  # who gives 2.7's GIL back takes it again before anybody that waits for it has woken: the main thread never came to its word


def begin(*functions):
    for function in functions:
        thread = threading.Thread(target=function)
        thread.daemon = True
        thread.start()


def ready():
    print("ready")
    sys.stdout.flush()


def exit_soon():
    begin(sleep, sleep, spin, spin)
    ready()
    sys.stdin.read()
    os._exit(43)


def exec_often(left):
    begin(sleep, spin)
    if "KAA_READY" not in os.environ:
        os.environ["KAA_READY"] = "said"
        ready()
    if left == 0:
        os._exit(44)
    os.execv(sys.executable, [sys.executable, "-u", __file__, "exec", str(left - 1)])


def change_user():
    over = threading.Event()
    begin(sleep, sleep, spin, lambda: (sys.stdin.read(), over.set()))
    ready()
    while not over.is_set():
        os.setresuid(65534, 65534, 0)
        assert os.getuid() == 65534
        os.setresuid(0, 0, 0)
        assert os.getuid() == 0
        time.sleep(0.0005)
    os._exit(45)


if __name__ == "__main__":
    way = sys.argv[1]
    if way == "exit":
        exit_soon()
    elif way == "exec":
        exec_often(int(sys.argv[2]))
    else:
        change_user()
