"""ARI's words, typed: what arrives on the events WebSocket, and what we send there.

Rule: a protocol is a table. Only the fields we act on are declared; the decoder skips the rest
unread (an ARI channel snapshot is about a kilobyte, of which we need a hundred bytes).
Source: rest-api/events.json and channels.json of Asterisk 22.10.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, DecodeError, Struct, UnsetType, ValidationError, field, json


class Party(Struct, frozen=True):
    """A caller id as claimed by the network: hostile text."""

    number: str = ""
    name: str = ""


class Extension(Struct, frozen=True):
    """Where the channel is in the dialplan; `exten` is the number dialled."""

    exten: str = ""


class ChannelFacts(Struct, frozen=True):
    """The part of a channel snapshot that we read."""

    id: str
    state: str = ""
    language: str = ""
    creationtime: str = ""
    caller: Party = field(default_factory=Party)
    dialplan: Extension = field(default_factory=Extension)


class PlaybackFacts(Struct, frozen=True):
    """A playback: its id is ours; `state` is "done" or "failed" at its end."""

    id: str
    state: str = ""


class _ChannelEvent(Struct, frozen=True, tag=True):
    channel: ChannelFacts


class CallBroadcast(_ChannelEvent, frozen=True):
    """A caller is offered to every worker; the first claim wins."""


class StasisStart(_ChannelEvent, frozen=True):
    """A caller is ours; `timestamp` is Asterisk's own clock, as is the channel's `creationtime`."""

    args: list[str] = []
    timestamp: str = ""


class StasisEnd(_ChannelEvent, frozen=True):
    """A caller is no longer ours."""


class ChannelDestroyed(_ChannelEvent, frozen=True):
    """The channel does not exist any more; `cause` is Q.850's: 16 hung up, 17 busy, 19 no answer."""

    cause: int = 0


class ChannelTalkingStarted(_ChannelEvent, frozen=True):
    """The line became loud."""


class ChannelTalkingFinished(_ChannelEvent, frozen=True):
    """The line became quiet; `duration` is milliseconds of sound, and may be negative."""

    duration: int = 0


class ChannelDtmfReceived(_ChannelEvent, frozen=True):
    """The caller pressed a key."""

    digit: str = ""


class ApplicationMoveFailed(_ChannelEvent, frozen=True):
    """A caller could not be moved to another worker and stays ours."""


class PlaybackFinished(Struct, frozen=True, tag=True):
    """A playback ended."""

    playback: PlaybackFacts


class RecordingFacts(Struct, frozen=True):
    """A recording: its name is ours."""

    name: str


class RecordingFinished(Struct, frozen=True, tag=True):
    """A caller's message is kept."""

    recording: RecordingFacts


class RecordingFailed(Struct, frozen=True, tag=True):
    """A caller's message could not be kept."""

    recording: RecordingFacts


class ApplicationReplaced(Struct, frozen=True, tag=True):
    """Another program connected under our name; we hear nothing any more."""


class ChannelUserevent(Struct, frozen=True, tag=True):
    """A message from another worker."""

    eventname: str
    userevent: dict[str, Any] = {}


class RESTResponse(Struct, frozen=True, tag=True):
    """The answer to a request sent over the WebSocket."""

    request_id: str
    status_code: int
    message_body: str = ""


Event = (
    CallBroadcast
    | StasisStart
    | StasisEnd
    | ChannelDestroyed
    | ChannelTalkingStarted
    | ChannelTalkingFinished
    | ChannelDtmfReceived
    | PlaybackFinished
    | RecordingFinished
    | RecordingFailed
    | ApplicationReplaced
    | ApplicationMoveFailed
    | ChannelUserevent
)

EVENT_TYPES: tuple[str, ...] = tuple(kind.__name__ for kind in (*Event.__args__, RESTResponse))
"""What we ask Asterisk to send us: its event filter spares both sides the rest.

The answers to our own requests pass the same filter: without RESTResponse we would hear none of them.
"""

_decoder = json.Decoder(Event | RESTResponse)


UNKNOWN_TYPE = "- at `$.type`"
"""How the decoder's complaint ends when the kind of event is none of ours."""


class Unreadable(Exception):
    """A message of Asterisk is not what the protocol says."""


def decode(text: bytes) -> Event | RESTResponse | None:
    """One message of Asterisk; None for a kind we have no use for. Raises Unreadable."""
    try:
        message: Event | RESTResponse = _decoder.decode(text)
    except (ValidationError, DecodeError, UnicodeDecodeError, RecursionError) as problem:
        if str(problem).endswith(UNKNOWN_TYPE):
            return None
        raise Unreadable from problem
    return message


class Query(Struct, frozen=True):
    """One query parameter of a request over the WebSocket."""

    name: str
    value: str


class RESTRequest(Struct, frozen=True, tag=True):
    """A request over the WebSocket."""

    request_id: str
    method: str
    uri: str
    query_strings: list[Query] | UnsetType = UNSET
    content_type: str | UnsetType = UNSET
    message_body: str | UnsetType = UNSET


encode = json.Encoder().encode
