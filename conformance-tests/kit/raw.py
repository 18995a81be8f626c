"""HTTP on a bare TLS socket, for what no client library lets one send."""

from __future__ import annotations

import http.client
import socket
import ssl

from requests.structures import CaseInsensitiveDict

from kit.demo import Certificate, Demo
from kit.soap import Reply, parse_reply

# Seconds without a byte; longer than any limit that a test waits for.
TIMEOUT_S = 20


class _Shared:
    """What http.client takes for a socket: one buffered reader for all responses on a connection, so that what it
    read ahead of the next one is not lost."""

    def __init__(self, file):
        self.file = file

    def makefile(self, *_):
        return self

    def close(self) -> None:
        """The connection outlives the response."""

    def __getattr__(self, name: str):
        return getattr(self.file, name)


class Raw:
    """One TLS connection. Without a certificate none is offered."""

    def __init__(
        self,
        demo: Demo,
        certificate: Certificate | None,
        *,
        context: ssl.SSLContext | None = None,
        session: ssl.SSLSession | None = None,
        timeout_s: float = TIMEOUT_S,
    ):
        host, port = demo.address()
        if context is None:
            context = ssl.create_default_context(cafile=demo.ca)
        if certificate is not None:
            context.load_cert_chain(certificate.cert, certificate.key)
        self.host = f"{host}:{port}"
        plain = socket.create_connection((host, port), timeout=timeout_s)
        try:
            self.socket = context.wrap_socket(plain, server_hostname=host, session=session)
        except BaseException:
            plain.close()
            raise
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_) -> None:
        self.file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def head(self, method: str, target: str, *headers: str, version: str = "1.1") -> None:
        """A request's head; each header as it is to be sent."""
        lines = [f"{method} {target} HTTP/{version}", f"Host: {self.host}", *headers, "", ""]
        self.send("\r\n".join(lines).encode())

    def response(self, method: str = "POST") -> http.client.HTTPResponse:
        response = http.client.HTTPResponse(_Shared(self.file), method=method)
        response.begin()
        return response

    def reply(self) -> Reply:
        """The next response, read as SOAP."""
        response = self.response()
        return parse_reply(response.status, CaseInsensitiveDict(response.getheaders()), response.read())

    def is_closed(self) -> bool:
        """Whether the other side ended the connection; waits for the next byte or the end."""
        try:
            return self.file.read(1) == b""
        except (ssl.SSLError, ConnectionError):
            return True


def refused_by_tls(demo: Demo, certificate: Certificate | None) -> str | None:
    """The TLS alert with which the gateway ended the connection; None when it let us in.

    In TLS 1.3 the client has finished before the server looks at its certificate, so the alert comes with
    the first read.
    """
    try:
        with Raw(demo, certificate) as raw:
            raw.head("GET", "/v1/openapi.json", "Connection: close")
            raw.response("GET").read()
            return None
    except ssl.SSLError as error:
        return error.reason or str(error)
    except ConnectionError as error:
        return type(error).__name__
