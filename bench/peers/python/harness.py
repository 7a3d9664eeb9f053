"""What the programs beside it share: which loop they measure, and the repetitions of bench/tasks/harness.mjs."""
import asyncio
import sys
import time

WARM_UP_S = 0.3

implementation = sys.argv[1]
args = [int(word) for word in sys.argv[2:]]


def new_loop():
    if implementation == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def measure(repetitions, operations, work):
    """Prints how long one of the operations of work() takes, in nanoseconds, so many times."""

    def timed():
        loop = new_loop()
        begin = time.perf_counter()
        work(loop)
        took = time.perf_counter() - begin
        loop.close()
        return took / operations * 1e9

    end = time.perf_counter() + WARM_UP_S
    timed()
    while time.perf_counter() < end:
        timed()
    for _ in range(repetitions):
        print("RESULT ns/op", timed(), flush=True)
