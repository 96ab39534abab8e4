"""What the cores of fuzz/run are of: threads, locks, values of all kinds, tasks, then a stop."""
import asyncio
import collections
import sys
import threading
import time

lock = threading.RLock()


class Thing(object):
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left, self.right = left, right


def deep(depth, values):
    number, text, data = depth ** 30, u"d\u00e9pth \u4e16 %d" % depth, b"\0bytes" * depth
    pair = {"a": (1, 2.5, None), u"b": [True, {3, 4}, Thing(text, [data])], depth: collections.OrderedDict([("x", 1)])}
    if depth:
        return deep(depth - 1, pair)
    with lock:
        time.sleep(100000)


async def wait(depth):
    if depth:
        return await wait(depth - 1)
    await asyncio.sleep(100000)


async def main():
    tasks = [asyncio.ensure_future(wait(i)) for i in range(5)]
    await asyncio.sleep(0.1)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.gather(*tasks)


for i in range(3):
    worker = threading.Thread(target=deep, args=(5 + i, None), name="worker-%d" % i)
    worker.daemon = True
    worker.start()
asyncio.get_event_loop_policy().new_event_loop().run_until_complete(main()) if sys.version_info < (3, 7) else asyncio.run(main())
