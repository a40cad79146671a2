"""The Python SDK's part of the bench, which starts it: reads replies as it is told to, and tells what that took.

Usage: python_sdk.py HOST
Each line of the input, "MESSAGE REPLIES", asks so often; the answer is "LETTERS CPU FIRST": what was read, the process's CPU
time and the last reply's time to the first token, both in nanoseconds. `AsyncOpenAI` is what LiveKit's plugin uses.
"""

import asyncio
import platform
import resource
import sys
import time

import openai


def cpu():
    """The CPU time of all threads of this process, in nanoseconds."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return round((usage.ru_utime + usage.ru_stime) * 1e9)


async def main(host):
    client = openai.AsyncOpenAI(api_key="k", base_url=f"http://{host}/v1")
    print(f"openai {openai.__version__} for Python {platform.python_version()}", flush=True)
    # Nothing else runs in this loop, so it may wait for its orders.
    for line in sys.stdin:
        message, replies = line.split()
        letters, before = 0, cpu()
        for _ in range(int(replies)):
            started, first = time.perf_counter_ns(), None
            stream = await client.chat.completions.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": message}], stream=True
            )
            async for chunk in stream:
                for choice in chunk.choices:
                    if choice.delta.content is not None:
                        if first is None:
                            first = time.perf_counter_ns() - started
                        letters += len(choice.delta.content)
        print(letters, cpu() - before, first, flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    asyncio.run(main(sys.argv[1]))
