"""Connections that know whether they ever stood, and whose timeouts bound all that is done.

A server that sends one byte a second keeps within any timeout of single reads for ever. `urllib3`
sets a socket's timeout once before it sends and once before it reads an answer; here, each of these
is the time that the whole of it may take, headers and body together.
"""

import io
import socket
import ssl
import time
from typing import Any, Optional

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


class DeadlineSocket:
    """A socket that runs out of time as a whole; for the rest, it is the one that it stands for."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._ends: Optional[float] = None
        self.settimeout(sock.gettimeout())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, seconds: Optional[float]) -> None:
        """Sets how long all that follows may take, until this is called again."""
        self._ends = None if seconds is None else time.monotonic() + seconds
        self._sock.settimeout(seconds)

    def recv_into(self, *arguments: Any) -> int:
        """Receives in the time that is left."""
        self._trim()
        return int(self._sock.recv_into(*arguments))

    def sendall(self, *arguments: Any) -> None:
        """Sends in the time that is left."""
        self._trim()
        self._sock.sendall(*arguments)

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        """Gives a file that reads bytes through this socket, which is all `http.client` wants."""
        raw: Any = socket.SocketIO(self, "r")  # type: ignore[arg-type]
        self._sock._io_refs += (
            1  # as `socket.makefile` does, so that closing waits for the file
        )
        return io.BufferedReader(raw)

    def _trim(self) -> None:
        if self._ends is not None:
            left = self._ends - time.monotonic()
            if left <= 0:
                raise socket.timeout("timed out")
            self._sock.settimeout(left)


class _Bounded:
    """What the connections for both schemes share."""

    sock: Any
    timeout: Any

    def connect(self) -> None:
        """Connects; a failure to do so is told as what it is, also where TLS does not begin."""
        connection: Any = self
        try:
            super().connect()  # type: ignore[misc]
        except ssl.SSLCertVerificationError:
            raise
        except socket.timeout as error:
            raise ConnectTimeoutError(connection, "no TLS handshake in time") from error
        except (ssl.SSLError, OSError) as error:
            raise NewConnectionError(connection, "no connection") from error
        if isinstance(self.sock, socket.socket):  # and not TLS through a proxy's TLS
            self.sock = DeadlineSocket(self.sock)

    def request(self, *arguments: Any, **options: Any) -> None:
        """Sends a request, and gives a connection that is used again its time anew."""
        if self.sock is not None:
            self.sock.settimeout(self.timeout)
        super().request(*arguments, **options)  # type: ignore[misc]


class _HTTPConnection(_Bounded, HTTPConnection):
    pass


class _HTTPSConnection(_Bounded, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class BoundedAdapter(HTTPAdapter):
    """An adapter over such connections, to a server or to a proxy."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Makes the pools for servers."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """Makes the pools for a proxy."""
        manager: Any = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}
