"""Timers within 100 ms, in no order; four of five are cancelled, and the loop runs until the others have fired."""
from harness import args, measure

n, repetitions = args
delays = [(i * 7919) % 100_003 / 1e6 for i in range(n)]


def work(loop):
    left = sum(1 for i in range(n) if i % 5 == 0)

    def callback():
        nonlocal left
        left -= 1
        if left == 0:
            loop.stop()

    handles = [loop.call_later(delay, callback) for delay in delays]
    for i in range(n):
        if i % 5 != 0:
            handles[i].cancel()
    del handles
    loop.run_forever()
    assert left == 0


measure(repetitions, n, work)
