"""The call every contestant serves: four prompts of 2 s, a second of silence after each, then the PBX hangs up.

A service standard asks a silent caller at least twice before the farewell (S000-03), so it is four prompts:
greeting, offer, offer, farewell. The dialplan's version plays the very same files.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ari_app.ear import TALK_GAP
from ari_app.studio.acoustics import TELEPHONE_RATE as RATE
from ari_app.studio.native import narrow_files

THRESHOLD = 128

PROMPT = 2.0
PAUSE = 1.0
PROMPTS = ("greeting", "offer", "offer", "farewell")
LENGTH = (PROMPT + PAUSE) * len(PROMPTS)
"""Seconds one call lasts."""
LEAD_IN = 0.1
STANDARD = "load-standard"
LANGUAGE = "en"


@dataclass(frozen=True)
class Contestant:
    """Who serves the call: the number that reaches it, and how it is called in a table."""

    name: str
    number: str
    title: str
    worker: str = ""
    """Name of the worker process; "" for one that needs none."""


DIALPLAN = Contestant("dialplan", "700", "pure dialplan")
LISTENING = Contestant("listening", "710", "dialplan, listening")
OURS = Contestant("ours", "100", "hotline", "hotline-1")
ASIDE = Contestant("http", "800", "hotline, REST over HTTP", "aside-1")
CONTESTANTS = {c.name: c for c in (DIALPLAN, LISTENING, OURS, ASIDE)}


def write_standard(folder: Path) -> Path:
    """A little standard whose silent caller lives through exactly this call; returns its folder."""
    standard = folder / STANDARD
    sounds = standard / LANGUAGE
    sounds.mkdir(parents=True, exist_ok=True)
    for name, seconds, loudness in (("lead-in", LEAD_IN, 0), *((p, PROMPT, 3000) for p in set(PROMPTS))):
        _write_tone(sounds / f"{name}.wav", seconds, loudness)
    (standard / "standard.yaml").write_text(_STANDARD.format(name=STANDARD, language=LANGUAGE, pause=PAUSE))
    return standard


def extensions(sounds: Path) -> str:
    """The contexts added to the hotline's own dialplan: the caller's number chooses who serves."""
    here = sounds / STANDARD / LANGUAGE
    play = "".join(f" same => n,Playback({here / name})\n same => n,Wait({PAUSE:g})\n" for name in PROMPTS[1:])
    first = f" same => n,Playback({here / 'lead-in'}&{here / PROMPTS[0]})\n same => n,Wait({PAUSE:g})\n"
    listen = f" same => n,Set(TALK_DETECT(set)={round(TALK_GAP * 1000)},{THRESHOLD})\n"
    return (
        "[load]\n"
        f"exten => {DIALPLAN.number},1,Answer()\n{first}{play} same => n,Hangup()\n"
        f"exten => {LISTENING.number},1,Answer()\n{listen}{first}{play} same => n,Hangup()\n"
        f"exten => {ASIDE.number},1,StasisBroadcast(1000,^aside-,incoming)\n"
        " same => n,Goto(hotline-fallback,s,1)\n"
        "include => hotline\n"
    )


def trunk(caller: str) -> str:
    """The line SIPp rings on: the carrier of the samples, in our context."""
    return f"""
[load](hotline-trunk,here)
context = load
[load]
type = identify
endpoint = load
match = {caller}
"""


def sipp_scenario(caller: str, media_port: int) -> str:
    """What SIPp does for one caller. It logs the moments the RTP mate needs, as they happen."""
    return _SIPP.format(caller=caller, media_port=media_port, patience=round((LENGTH + 10) * 1000))


def _write_tone(path: Path, seconds: float, loudness: int) -> None:
    at = np.arange(round(seconds * RATE)) / RATE
    samples = (loudness * np.sin(2 * np.pi * 440 * at)).astype("<i2")
    for suffix, content in narrow_files(samples.astype(np.int16)).items():  # as `hotline prompts build` does
        path.with_suffix(suffix).write_bytes(content)
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(samples.tobytes())


_STANDARD = """\
standard: {name}
version: 1
language: {language}
prompts:
  lead-in: {{text: silence, say: silence}}
  greeting: {{text: tone, say: tone}}
  offer: {{text: tone, say: tone}}
  farewell: {{text: tone, say: tone}}
reception:
  greeting: greeting
  connecting: greeting
  patience: {pause}
  silent: silent
  after_agent: silent
  no_agent: busy
  exhausted: silent
  station: station
procedures:
  silent:
    steps:
      - {{say: offer, wait: {pause}}}
      - {{say: offer, wait: {pause}}}
      - {{say: farewell, wait: {pause}}}
    then: hang_up
  station:                   # its places are counted: nobody comes here
    steps:
      - {{say: offer, wait: {pause}}}
    then: release
  busy:
    steps:
      - {{say: offer, wait: 0}}
    then: queue
"""

# SIPp runs one step of a call per turn of its loop (about 1 ms), so a moment is logged within the step itself.
_SIPP = """\
<?xml version="1.0" encoding="us-ascii" ?>
<scenario name="a silent caller">
  <send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]-[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 {caller}
s=-
c=IN IP4 {caller}
t=0 0
m=audio {media_port} RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=ptime:20

]]><action><log message="I [call_number] [timestamp]"/></action></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rrs="true">
    <action>
      <ereg regexp="m=audio ([0-9]+)" search_in="msg" check_it="true" assign_to="1,2"/>
      <log message="A [call_number] [timestamp] [$2]"/>
    </action>
  </recv>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]-[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv request="BYE" timeout="{patience}">
    <action><log message="B [call_number] [timestamp]"/></action>
  </recv>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
  <Reference variables="1"/>
</scenario>
"""
