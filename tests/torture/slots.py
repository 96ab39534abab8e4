"""The counters of tests/programs/busy.c and busy.py, read from outside."""
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

SLOT = struct.Struct("<24s5Q")
PLACES = 128
SIGNALS = "queued signals"  # its rounds are arrivals, its last field the sum of their values
TICKS = "ticks"


@dataclass(frozen=True)
class Slot:
    name: str
    rounds: int
    interrupted: int
    early: int
    wrong: int
    latest_us: int


class Slots:
    def __init__(self, path: Path):
        with open(path, "w+b") as file:
            file.truncate(SLOT.size * PLACES)
            self._memory = mmap.mmap(file.fileno(), 0)

    def read(self) -> dict[str, Slot]:
        """By name; slots of one name (two checksum threads) are numbered."""
        found: dict[str, Slot] = {}
        for place in range(PLACES):
            name, *values = SLOT.unpack_from(self._memory, place * SLOT.size)
            text = name.rstrip(b"\0").decode()
            if not text:
                break
            while text in found:
                text += "'"
            found[text] = Slot(text, *values)
        return found


def disturbed(slots: dict[str, Slot], stopped_by_us: bool = False) -> list[str]:
    """What went otherwise than it must. SIGSTOP and SIGCONT, where the test sent them, interrupt waits by themselves."""
    found = []
    for slot in slots.values():
        counts = {"wrong": slot.wrong} if stopped_by_us else {"interrupted": slot.interrupted, "early": slot.early, "wrong": slot.wrong}
        found += [f"{slot.name}: {count} of {slot.rounds} {what}" for what, count in counts.items() if count]
    return found


def idle(before: dict[str, Slot], after: dict[str, Slot]) -> list[str]:
    """Activities that made no progress between two readings, though they should."""
    return [name for name, slot in after.items() if not name.startswith("endless ") and name not in (SIGNALS, "parked")
            and slot.rounds == before[name].rounds]
