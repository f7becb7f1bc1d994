"""A web server on this machine that serves stand-ins for published files, with faults on demand."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Fault: TypeAlias = Callable[["Handler", bytes, int], None]


@dataclass
class Server:
    """files: what is served, by name. faults: what happens to the next requests, in turn.

    asked: the name and the Range header of every request so far.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """Answers GET, with a range of bytes where one is asked for."""

    protocol_version = "HTTP/1.1"
    site: Server

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        asked = self.headers.get("Range")
        self.site.asked.append((name, asked))
        assert self.headers["Accept-Encoding"] == "identity"
        if name not in self.site.files:
            self.send_error(404)
            return
        content = self.site.files[name]
        found = re.fullmatch(r"bytes=(\d+)-", asked or "")
        start = int(found[1]) if found else 0
        (self.site.faults.pop(0) if self.site.faults else well)(self, content, start)

    def begin(self, length: int, start: int = 0, total: int | None = None) -> None:
        """Status and headers: 206 where the answer begins in the middle."""
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(length))
        if start:
            total = start + length if total is None else total
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


def well(handler: Handler, content: bytes, start: int) -> None:
    """No fault."""
    handler.begin(len(content) - start, start)
    handler.wfile.write(content[start:])


def status(code: int) -> Fault:
    """An error of the server's."""
    return lambda handler, content, start: handler.send_error(code)


def break_off(after: int) -> Fault:
    """The connection ends in the middle."""

    def fault(handler: Handler, content: bytes, start: int) -> None:
        handler.begin(len(content) - start, start)
        handler.wfile.write(content[start : start + after])
        handler.close_connection = True

    return fault


def fall_silent(after: int, seconds: float) -> Fault:
    """The server stops sending, and leaves the connection open."""

    def fault(handler: Handler, content: bytes, start: int) -> None:
        handler.begin(len(content) - start, start)
        handler.wfile.write(content[start : start + after])
        handler.wfile.flush()
        time.sleep(seconds)
        handler.close_connection = True

    return fault


def all_of_it(handler: Handler, content: bytes, start: int) -> None:
    """The server knows no ranges, and sends the file from its beginning."""
    handler.begin(len(content))
    handler.wfile.write(content)


def another_length(length: int) -> Fault:
    """The server announces another size than the file should have."""

    def fault(handler: Handler, content: bytes, start: int) -> None:
        handler.begin(length)
        handler.wfile.write(content[:length].ljust(length, b"\0"))
        handler.close_connection = True

    return fault


def without_length(extra: bytes = b"") -> Fault:
    """The server does not say how much it sends, and may send too much."""

    def fault(handler: Handler, content: bytes, start: int) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(content + extra)
        handler.close_connection = True

    return fault


def from_elsewhere(handler: Handler, content: bytes, start: int) -> None:
    """The server sends another range than the one that was asked for."""
    handler.begin(len(content) - start + 1, start - 1)
    handler.wfile.write(content[start - 1 :])


def damaged(handler: Handler, content: bytes, start: int) -> None:
    """One byte arrives wrong."""
    wrong = bytes([content[start] ^ 1]) + content[start + 1 :]
    handler.begin(len(wrong), start)
    handler.wfile.write(wrong)


@contextmanager
def serve() -> Iterator[Server]:
    """A server on a free port of the loopback interface."""
    site = Server()
    handler = type("ThisHandler", (Handler,), {"site": site})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listener:
        listener.daemon_threads = True
        site.address = f"http://127.0.0.1:{listener.server_port}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield site
        listener.shutdown()
        thread.join()
