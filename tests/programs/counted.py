"""Says "begun", allocates known blocks that it keeps, works in threads and in a child, checks all results, says "right", and ends with status 7."""
from __future__ import print_function

import json
import os
import sys
import threading

TEXT = json.dumps([{"id": i, "name": "name %d" % i, "tags": ["a%d" % i, i * 1000]} for i in range(60)])
WANTED = json.loads(TEXT)
wrong = []


def blocks(seed):
    made = [bytearray([seed & 255]) * (17 * (i + 1) * (1 + (seed + i) % 40)) for i in range(40)]
    return all(block[0] == seed & 255 for block in made)


def work():
    for seed in range(25):
        if not (blocks(seed) and json.loads(TEXT) == WANTED):
            wrong.append(seed)


def fork(seed):
    child = os.fork()
    if child == 0:
        os._exit(0 if blocks(seed) else 1)
    return os.waitpid(child, 0)[1] == 0


def main():
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    kept = [bytearray(54321) for _ in range(50)]  # line: counted
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    if not fork(3):
        wrong.append("fork")
    for thread in threads:
        thread.join()
    sys.stdout.write("wrong\n" if wrong or len(kept) != 50 else "right\n")
    sys.stdout.flush()
    os._exit(7)


main()
