"""Callers that send a byte now and then, for as long as they are let. They run beside the tests."""

from __future__ import annotations

import select
import ssl
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from kit.demo import Demo
from kit.raw import Raw

# The published limits (seconds) are 30 for a body and 10 for a head; far past them it counts as never.
PATIENCE_S = 50
PAUSE_S = 1


@dataclass
class Outcome:
    """What the gateway did about it: the first bytes that it answered, and whether it then hung up."""

    answered: bytes
    closed: bool


class SlowCallers:
    def __init__(self, demo: Demo):
        self.pool = ThreadPoolExecutor(max_workers=3, thread_name_prefix="slow")
        begin = {
            "soap": (
                "POST /soap/v1/whitelabel HTTP/1.1",
                "Content-Type: text/xml;charset=UTF-8",
                "Content-Length: 9000",
            ),
            "rest": (
                "POST /v1/leerbedrijven/_zoek HTTP/1.1",
                "Content-Type: application/json",
                f"Onderwijsinstelling-OIN: {demo.verplicht.school.oin}",
                "Content-Length: 9000",
            ),
        }
        self.futures: dict[str, Future] = {
            name: self.pool.submit(_trickle, demo, "\r\n".join((*lines, f"Host: {_host(demo)}", "", "")))
            for name, lines in begin.items()
        }
        self.futures["head"] = self.pool.submit(_trickle, demo, "GET /v1/openapi.json HTTP/1.1\r\nX-Slow: ")

    def outcome(self, name: str) -> Outcome:
        return self.futures[name].result(PATIENCE_S + 10)


def _host(demo: Demo) -> str:
    host, port = demo.address()
    return f"{host}:{port}"


def _trickle(demo: Demo, begin: str) -> Outcome:
    with Raw(demo, demo.verplicht, timeout_s=PATIENCE_S) as raw:
        raw.send(begin.encode())
        deadline = time.monotonic() + PATIENCE_S
        try:
            while time.monotonic() < deadline:
                readable, _, _ = select.select([raw.socket], [], [], PAUSE_S)
                if readable or raw.socket.pending():
                    return _read_to_end(raw)
                raw.send(b" ")
        except (ssl.SSLError, ConnectionError, BrokenPipeError):
            return Outcome(b"", True)
    return Outcome(b"", False)


def _read_to_end(raw: Raw) -> Outcome:
    raw.socket.settimeout(5)
    answered = b""
    try:
        while chunk := raw.socket.recv(65536):
            answered += chunk
    except (ssl.SSLError, ConnectionError):
        return Outcome(answered, True)
    except TimeoutError:
        return Outcome(answered, False)
    return Outcome(answered, True)
