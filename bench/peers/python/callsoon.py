"""A chain of callbacks, each of which schedules the next."""
from harness import args, measure

n, repetitions = args


def work(loop):
    left = n

    def callback():
        nonlocal left
        left -= 1
        if left > 0:
            loop.call_soon(callback)
        else:
            loop.stop()

    loop.call_soon(callback)
    loop.run_forever()
    assert left == 0


measure(repetitions, n, work)
