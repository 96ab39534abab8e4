"""A small service that hangs: two workers each hold the account that the other one wants, and the main thread waits for them."""
from __future__ import print_function

import sys
import threading
import time


class Account(object):
    def __init__(self, name, balance):
        self.name = name
        self.balance = balance
        self.lock = threading.RLock()


class Transfer(threading.Thread):
    def __init__(self, name, source, target, amount, both_started):
        super(Transfer, self).__init__(name=name)
        self.daemon = True
        self.source = source
        self.target = target
        self.amount = amount
        self.both_started = both_started

    def run(self):
        with self.source.lock:
            self.both_started()
            self.move()

    def move(self):
        with self.target.lock:
            self.source.balance -= self.amount
            self.target.balance += self.amount


def barrier(parties):
    """Returns a function that returns once it was called so many times."""
    condition = threading.Condition()
    waiting = []

    def arrive():
        with condition:
            waiting.append(None)
            condition.notify_all()
            while len(waiting) < parties:
                condition.wait()

    return arrive


def main():
    alice = Account("alice", 100)
    bob = Account("bob", 50)
    both_started = barrier(2)
    transfers = [
        Transfer("alice-to-bob", alice, bob, 10, both_started),
        Transfer("bob-to-alice", bob, alice, 20, both_started),
    ]
    for transfer in transfers:
        transfer.start()
    time.sleep(0.1)
    print("ready")
    sys.stdout.flush()
    for transfer in transfers:
        transfer.join()


main()
