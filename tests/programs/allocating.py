"""Allocates all the time in several threads, by way of C and of Python, and checks what it wrote into each block. On "count N" it allocates N blocks of a size from one line and
keeps them; on "end" it says how many rounds were right and how many were not."""
from __future__ import print_function

import json
import os
import sys
import threading
try:
    from zlib import compress, decompress
except ImportError:  # an interpreter without it
    from binascii import hexlify as compress, unhexlify as decompress

TEXT = json.dumps([{"id": i, "name": "name %d" % i, "tags": ["a%d" % i, i * 1000]} for i in range(60)])
WANTED = json.loads(TEXT)
PACKED = compress(TEXT.encode("utf-8") * 20)
rounds = [0] * 4
wrong = []
over = []


def blocks(seed):
    made = [bytearray([seed & 255]) * (17 * (i + 1) * (1 + (seed + i) % 40)) for i in range(40)]
    for i, block in enumerate(made):
        block.extend(b"x" * (i * 100))
    return all(block[0] == seed & 255 and block[-1:] == (b"x" if i else block[:1]) for i, block in enumerate(made))


def deep(depth, seed):
    return deep(depth - 1, seed) if depth else blocks(seed)


def work(number):
    seed = number
    while not over:
        seed += 1
        ok = blocks(seed) and json.loads(TEXT) == WANTED and decompress(PACKED) == TEXT.encode("utf-8") * 20
        if seed % 10 == 0:
            ok = ok and deep(200, seed)
        if seed % 50 == 0 and number == 0:
            child = os.fork()
            if child == 0:
                os._exit(0 if blocks(seed) else 1)
            ok = ok and os.waitpid(child, 0)[1] == 0
        if not ok:
            wrong.append(number)
        rounds[number] += 1


kept = []
threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
print("ready")
sys.stdout.flush()
for line in iter(sys.stdin.readline, ""):
    words = line.split()
    if words[0] == "count":
        kept.append([bytearray(54321) for _ in range(int(words[1]))])  # line: counted
        print("counted")
    elif words[0] == "drop":
        del kept[:]
        print("dropped")
    else:
        over.append(True)
        for thread in threads:
            thread.join()
        print("%d rounds, %d wrong" % (sum(rounds), len(wrong)))
    sys.stdout.flush()
