"""Programs that allocate in one way each, for `bench/run mem`. Asked by lines on standard input, "NAME COUNT": does that many rounds of it, and prints the processor time
of the process for each round in seconds. With NAME COUNT as arguments it does that once, and ends."""
from __future__ import print_function

import json
import sys
import threading
import time

sys.setrecursionlimit(20000)
TEXT = json.dumps([{"id": i, "name": "name %d" % i, "tags": ["a%d" % i, "b%d" % (i * 7)], "score": i * 1.5, "more": {"x": [i, i + 1000, i + 2000], "y": None}} for i in range(400)])


class Node(object):
    def __init__(self, left, right):
        self.left = left
        self.right = right


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def call_heavy():
    fib(22)


def parse_json():
    for _ in range(6):
        json.dumps(json.loads(TEXT))


def make_objects():
    for _ in range(4):
        kept = [Node((i, i + 1), [i * 3]) for i in range(4000)]
        del kept


def in_threads():
    threads = [threading.Thread(target=make_objects) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def make_buffers():
    for i in range(3000):
        bytearray(300000 if i % 10 == 0 else 20000 + i)


def at_depth(depth, work):
    if depth:
        at_depth(depth - 1, work)
    else:
        work()


def few_objects():
    for i in range(8000):
        Node((i, i + 1), [i * 3])


def deep():
    at_depth(300, few_objects)


def deeper():
    at_depth(3000, few_objects)


WORK = {"fib": call_heavy, "json": parse_json, "objects": make_objects, "threads": in_threads, "buffers": make_buffers, "deep300": deep, "deep3000": deeper}


def seconds(name, count):
    clock = time.process_time if hasattr(time, "process_time") else time.clock
    taken = []
    for _ in range(count):
        begun = clock()
        WORK[name]()
        taken.append("%.6f" % (clock() - begun))
    return " ".join(taken)


if len(sys.argv) > 2:
    print(seconds(sys.argv[1], int(sys.argv[2])))
else:
    print("ready")
    sys.stdout.flush()
    for line in iter(sys.stdin.readline, ""):
        name, count = line.split()
        print(seconds(name, int(count)))
        sys.stdout.flush()
