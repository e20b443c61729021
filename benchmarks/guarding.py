"""What the guard costs: a request through our network against one of plain httpx, which checks no address.

    python benchmarks/guarding.py [REQUESTS]

Three ways take turns, request by request, so that a noisy neighbour slows all: plain httpx; our network; our network
with its guard taken out, whose distance to the one before is the guard's own part. The server is a process of its own
on loopback; every request opens a connection, as wirebell does. Names are looked up by the system, addresses too.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_network
from statistics import median

import httpx

from monitor.dialler import Dialler, Lookups
from monitor.exchange import Request, Response
from monitor.network import Network

REQUESTS = 1500
#: Requests of each way before they count.
WARM = 30
BODY = b"x" * 20_000
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(BODY), BODY)
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


async def serve() -> None:
    """Answer every request on one port of IPv4 and IPv6, and print the port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    four = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = four.sockets[0].getsockname()[1]
    six = await asyncio.start_server(answer, "::1", port)
    print(port, flush=True)
    async with four, six:
        await asyncio.to_thread(sys.stdin.read)  # until who asks has gone


@asynccontextmanager
async def ways(url: str) -> AsyncIterator[Mapping[str, Callable[[], Awaitable[bytes]]]]:
    """Give the ways to ask, each of which returns the body."""
    guarded = Network(user_agent="bench", allow=LOOPBACK)
    bare = Network(user_agent="bench", allow=LOOPBACK)
    bare._client._transport._guard = Dialler(Lookups())  # type: ignore[attr-defined]
    plain = httpx.AsyncClient(trust_env=False, headers={"Connection": "close"})

    async def through(door: Network) -> bytes:
        answer = await door.exchange(Request(url=url, headers={}, limit=1 << 20))
        assert isinstance(answer, Response), answer
        return answer.body

    async def plainly() -> bytes:
        return (await plain.get(url)).content

    try:
        yield {"plain": plainly, "guarded": lambda: through(guarded), "bare": lambda: through(bare)}
    finally:
        await plain.aclose()
        await guarded.aclose()
        await bare.aclose()


async def measure(url: str, requests: int) -> dict[str, float]:
    """Return the median milliseconds of each way, and those of them in which a processor worked for it."""
    async with ways(url) as known:
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in known}
        for turn in range(requests + WARM):
            for name, ask in known.items():
                began, worked = time.perf_counter(), time.process_time()
                body = await ask()
                seconds = time.perf_counter() - began, time.process_time() - worked
                assert body == BODY
                if turn >= WARM:
                    took[name].append(seconds)
    waits = {name: median(whole for whole, _ in each) * 1000 for name, each in took.items()}
    return waits | {f"{name} at work": median(work for _, work in each) * 1000 for name, each in took.items()}


def main() -> None:
    """Print what was measured, the last line for machines."""
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
        return
    requests = int(sys.argv[1]) if sys.argv[1:] else REQUESTS
    with subprocess.Popen([sys.executable, __file__, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout
        port = int(server.stdout.readline())
        found = {host: asyncio.run(measure(f"http://{host}:{port}/", requests)) for host in ("127.0.0.1", "localhost")}
    for host, each in found.items():
        said = ", ".join(f"{name} {ms:.2f} ms" for name, ms in each.items())
        print(f"{host}: {said}")
        print(f"  the guard's own part: {each['guarded'] - each['bare']:.3f} ms, {_work(each):.3f} ms of them at work")
        print(f"  ours / plain httpx: {each['guarded'] / each['plain']:.2f}")
    name = found["localhost"]
    figures = {
        "requests": requests,
        "guard_ms": round(name["guarded"] - name["bare"], 3),
        "guard_cpu_ms": round(_work(name), 3),
        "ratio_to_plain_httpx": round(name["guarded"] / name["plain"], 2),
    }
    print(json.dumps(figures))


def _work(each: Mapping[str, float]) -> float:
    return each["guarded at work"] - each["bare at work"]


if __name__ == "__main__":
    main()
