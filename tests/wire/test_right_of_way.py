"""Servers give way to the plant, and are never held up for long."""

import asyncio
import threading
import time

from lowlift.wire.right_of_way import LONGEST, REST, RightOfWay, courteous_loop


def test_a_loop_begins_nothing_while_the_way_is_taken() -> None:
    way, done, stop = RightOfWay(), list[str](), threading.Event()
    loop = courteous_loop(way)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        # The loop waits in its selector; while the way is taken it wakes and waits on.
        for _ in range(20):
            time.sleep(2.0 * REST)
            with way.taken():
                loop.call_soon_threadsafe(done.append, "served")
                time.sleep(LONGEST / 4.0)
                done.append("stepped")
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(10.0)
        stop.set()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10.0)
        loop.close()
    # A machine that stalls for longer than anybody is held up lets some through.
    assert len(done) == 40 and sum(done[k : k + 2] == ["stepped", "served"] for k in range(0, 40, 2)) >= 10


def test_who_never_rests_holds_nobody_up_for_good() -> None:
    way, given = RightOfWay(), list[float]()
    way._free.clear()

    def give() -> None:
        begin = time.monotonic()
        for _ in range(1000):
            way.give()
        given.append(time.monotonic() - begin)

    thread = threading.Thread(target=give)
    thread.start()
    thread.join(60.0)
    # One wait, and no other while the thread has time for itself, unless the machine is so slow that there is more of it.
    assert given and given[0] >= 0.9 * LONGEST


def test_a_thread_that_has_waited_has_time_for_itself() -> None:
    way, waits = RightOfWay(), list[float]()

    class Counted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return False

    way._free = Counted()
    for _ in range(100):
        way.give()
    assert 1 <= len(waits) <= 5 and set(waits) == {LONGEST}
    way._free.set()
    time.sleep(2.0 * REST)
    way.give()
    assert len(waits) <= 5
