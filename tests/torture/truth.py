"""What a look at tests/programs/busy.py must say of the thread that never moves."""
STACK = ["parked_inner", "parked_middle", "parked_outer"]


def judge(report: dict, way: list[str], complete: bool) -> list[str]:
    """What the report says wrongly; empty where it is right. A report that says of itself that it is incomplete may leave it out."""
    threads = [thread for thread in report["threads"] if thread["name"] == "parked"]
    if not threads and not complete:
        return []
    if not threads:
        threads = [thread for thread in report["threads"] if _functions(thread)[-20:].count("parked_inner")]
        return ["the parked thread has not its name" if threads else "the parked thread is missing"]
    functions = _functions(threads[0])
    if STACK[0] not in functions:
        return [f"the parked thread's stack is {' '.join(functions) or 'empty'}"]
    start = functions.index(STACK[0])
    if functions[start:start + 3] != STACK or not functions[-1].endswith("__bootstrap") and functions[-1] != "_bootstrap":
        return [f"the parked thread's stack is {' '.join(functions)}"]
    return _judge_locals(threads[0]["frames"]) if "--locals" in way else []


def _functions(thread: dict) -> list[str]:
    return [str(frame["function"]) for frame in thread["frames"] if frame["kind"] == "python"]


def _judge_locals(frames: list[dict]) -> list[str]:
    frame = next(frame for frame in frames if frame["function"] == "parked_inner")
    values = {local["name"]: local.get("value") for local in frame.get("locals") or []}
    lies = []
    if values.get("text") != "'a local'":
        lies.append(f"text is {values.get('text')}")
    if sorted(values.get("argument") or "") != sorted("{'who': 'parked', 'list': [1, 2, 3]}"):
        lies.append(f"argument is {values.get('argument')}")
    return lies
