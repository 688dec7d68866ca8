"""A softphone outside every container: rings through the published ports, listens, hangs up.

It speaks as little SIP as a call needs: INVITE, the answer to a challenge, ACK, BYE.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from hashlib import md5
from secrets import token_hex

from ari_app.qa.ear import Recording
from ari_app.qa.handset import Handset
from ari_app.qa.mouth import Metronome

ANSWERED_WITHIN = 10.0


class _Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.replies: asyncio.Queue[str] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.replies.put_nowait(data.decode())


@dataclass
class Heard:
    """The call as the softphone met it."""

    sound_from: tuple[str, int]
    recording: Recording


async def ring(server: tuple[str, int], user: str, password: str, number: str, listen: float) -> Heard:
    """Ring a number, listen for so many seconds after the answer, hang up."""
    loop = asyncio.get_running_loop()
    transport, inbox = await loop.create_datagram_endpoint(_Inbox, remote_addr=server)
    phone = Handset(Metronome(), server[0])
    call = _Call(server, transport.get_extra_info("sockname"), user, number)
    try:
        transport.sendto(call.invite(phone.address).encode())
        challenge = await _reply(inbox, 401)
        transport.sendto(call.ack(challenge).encode())
        transport.sendto(call.invite(phone.address, _credentials(challenge, user, password, call.uri)).encode())
        accepted = await _reply(inbox, 200)
        answered = loop.time()
        transport.sendto(call.ack(accepted).encode())
        at = (_find(r"^c=IN IP4 (\S+)", accepted), int(_find(r"^m=audio (\d+)", accepted)))
        phone.connect(*at)
        await asyncio.sleep(listen)  # the caller listens: this is what takes time
        recording = phone.ear.recording(answered, loop.time())
        transport.sendto(call.bye(accepted).encode())
        await _reply(inbox, 200)
        return Heard(at, recording)
    finally:
        phone.close()
        transport.close()


class _Call:
    def __init__(self, server: tuple[str, int], here: tuple[str, int], user: str, number: str) -> None:
        self.uri = f"sip:{number}@{server[0]}:{server[1]}"
        self._here, self._user, self._id, self._tag = f"{here[0]}:{here[1]}", user, token_hex(8), token_hex(4)
        self._sequence = 0

    def invite(self, rtp: str, credentials: str = "") -> str:
        host, port = rtp.split(":")
        self._sequence += 1
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        )
        return self._request("INVITE", self.uri, "", credentials + "Content-Type: application/sdp\r\n", sdp)

    def ack(self, reply: str) -> str:
        if " 200 " in reply.splitlines()[0]:
            return self._request("ACK", _find(r"^Contact: <([^>]+)>", reply), _to(reply))
        return self._request("ACK", self.uri, _to(reply), branch=_find(r"branch=([^;\s]+)", reply))

    def bye(self, accepted: str) -> str:
        self._sequence += 1
        return self._request("BYE", _find(r"^Contact: <([^>]+)>", accepted), _to(accepted))

    def _request(self, method: str, uri: str, to: str, more: str = "", body: str = "", branch: str = "") -> str:
        return (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self._here};rport;branch={branch or 'z9hG4bK' + token_hex(8)}\r\n"
            f"From: <sip:{self._user}@{self._here}>;tag={self._tag}\r\nTo: {to or f'<{self.uri}>'}\r\n"
            f"Call-ID: {self._id}\r\nCSeq: {self._sequence} {method}\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:{self._user}@{self._here}>\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}"
        )


async def _reply(inbox: _Inbox, status: int) -> str:
    """The final reply; provisional ones are read past."""
    async with asyncio.timeout(ANSWERED_WITHIN):
        while True:
            reply = await inbox.replies.get()
            if (code := int(reply.split(" ", 2)[1])) >= 200:
                assert code == status, f"the PBX answered {reply.splitlines()[0]}"
                return reply


def _credentials(challenge: str, user: str, password: str, uri: str) -> str:
    realm, nonce = _find(r'realm="([^"]*)"', challenge), _find(r'nonce="([^"]*)"', challenge)
    opaque = re.search(r'opaque="([^"]*)"', challenge)
    count, ours = "00000001", token_hex(8)
    first, second = (md5(text.encode()).hexdigest() for text in (f"{user}:{realm}:{password}", f"INVITE:{uri}"))
    response = md5(f"{first}:{nonce}:{count}:{ours}:auth:{second}".encode()).hexdigest()
    return (
        f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
        f'response="{response}", algorithm=MD5, qop=auth, nc={count}, cnonce="{ours}"'
        + (f', opaque="{opaque[1]}"' if opaque else "")
        + "\r\n"
    )


def _to(reply: str) -> str:
    return _find(r"^To: (.+?)\s*$", reply)


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE | re.IGNORECASE)
    assert found is not None, f"no {pattern} in what the PBX said"
    return found[1]
