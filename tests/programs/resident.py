"""Holds memory, all of it written and none of it zeros, while another thread watches the clock. Usage: resident.py BYTES KiB|MiB CLOCK.so RING."""
import ctypes
import mmap
import sys
import threading

NOHUGEPAGE, HUGEPAGE = 15, 14
HUGE = 2 << 20
libc = ctypes.CDLL(None)
size = int(sys.argv[1])
area = mmap.mmap(-1, size + HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
start = ctypes.addressof(ctypes.c_char.from_buffer(area))
libc.madvise(ctypes.c_void_p(start + -start % HUGE), ctypes.c_size_t(size), HUGEPAGE if sys.argv[2] == "MiB" else NOHUGEPAGE)
block = bytes(bytearray(i % 251 + 1 for i in range(1 << 20)))
for place in range(0, size, len(block)):
    area[place:place + len(block)] = block[:min(len(block), size - place)]
clock = ctypes.CDLL(sys.argv[3])
watcher = threading.Thread(target=clock.watch, args=(sys.argv[4].encode(),))
watcher.daemon = True
watcher.start()
print("ready")
sys.stdout.flush()
sys.stdin.read()
