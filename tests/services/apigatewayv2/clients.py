"""A client of WebSocket APIs, for tests."""

import json
import socket
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, RejectConnection, Request, TextMessage


class Rejected(Exception):
    def __init__(self, status):
        super().__init__(status)
        self.status = status


class Client:
    """One connection. Raises Rejected where it is not let in."""

    def __init__(self, endpoint, api, path="/prod", headers=()):
        place = urlsplit(endpoint)
        self._socket = socket.create_connection((place.hostname, place.port), timeout=20)
        self._ws = WSConnection(ConnectionType.CLIENT)
        self.events = []
        host = f"{api}.execute-api.us-east-1.localhost:{place.port}"
        self._write(Request(host=host, target=path, extra_headers=[(k.encode(), v.encode()) for k, v in headers]))
        event = self._next()
        if isinstance(event, RejectConnection):
            raise Rejected(event.status_code)
        assert isinstance(event, AcceptConnection), event

    def _write(self, event):
        self._socket.sendall(self._ws.send(event))

    def _next(self):
        while not self.events:
            data = self._socket.recv(65536)
            self._ws.receive_data(data or None)
            self.events += self._ws.events()
        return self.events.pop(0)

    def send(self, message):
        self._write(TextMessage(message if isinstance(message, str) else json.dumps(message)))

    def receive(self):
        """The next message; the code of the close, when it was closed instead."""
        whole = None
        while True:
            event = self._next()
            if isinstance(event, CloseConnection):
                return int(event.code)
            if isinstance(event, TextMessage | BytesMessage):
                whole = event.data if whole is None else whole + event.data
                if event.message_finished:
                    return whole

    def close(self):
        self._write(CloseConnection(1000))
        self._socket.close()
