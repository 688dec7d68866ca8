"""Asterisk's WebSocket: whole messages out of frames.

Rule: nothing is understood here and nothing waits; a message goes on in the turn in which its last frame came.
"""

from __future__ import annotations

from collections.abc import Callable

from picows import WSFrame, WSListener, WSMsgType, WSTransport


class Socket(WSListener):
    """Hands every message on; joins fragments."""

    def __init__(self, receive: Callable[[bytes], None], lost: Callable[[WSTransport], None]) -> None:
        self._receive = receive
        self._lost = lost
        self._fragments: list[bytes] = []

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._lost(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            self._fragments.append(frame.get_payload_as_bytes())
            if frame.fin:
                message = b"".join(self._fragments)
                self._fragments.clear()
                self._receive(message)
