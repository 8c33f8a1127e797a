"""An event loop in a thread of its own, and how it ends: nothing is left that runs, or holds a socket."""

import asyncio

SETTLE = 5
"""Turns of a loop in which transports that have just been closed let go of their sockets."""


def run(loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop in this thread until somebody stops it."""
    asyncio.set_event_loop(loop)
    loop.run_forever()


async def end_tasks() -> None:
    """Cancel all other tasks of the running loop, and let what they held go."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await settle()


async def settle() -> None:
    """Let what has been called soon happen."""
    for _ in range(SETTLE):
        await asyncio.sleep(0)
