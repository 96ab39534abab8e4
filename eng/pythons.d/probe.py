"""Says what the interpreter that runs it is: version, free-threaded, debug, the libpython it sits in ("-" for none).

Runs on 2.7 and later; fails where a module is missing that the tests' programs use.
"""
from __future__ import print_function
import collections, datetime, decimal, json, os, platform, select, signal, socket, sys, threading, time, uuid
if sys.version_info >= (3, 6):
    import asyncio, enum, pathlib
if sys.version_info >= (3, 7):
    import contextvars, dataclasses


def library():
    try:
        with open("/proc/self/maps") as maps:
            paths = [line.split(None, 5)[5].strip() for line in maps if "/libpython" in line]
    except IOError:  # a chroot without /proc
        paths = []
    return paths[0] if paths else "-"


print("kaa-probe", platform.python_version(), int("t" in getattr(sys, "abiflags", "")),
      int(hasattr(sys, "gettotalrefcount")), library())
sys.stdout.flush()
