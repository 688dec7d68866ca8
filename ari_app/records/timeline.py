"""One call as a person reads it: what the caller lived through, line by line, and each wait beside its rule's.

Rule: pure, plain text. Moments are seconds since the call reached us; what came from outside was cleaned when folded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ari_app.records.facts import Broken, CallRecord, Cut, End, Service, Side, Stint, Waited

_ENDS = {Cut.PLAYED: "", Cut.INTERRUPTED: "interrupted", Cut.FAILED: "FAILED", Cut.LEFT: "the line ended"}
_WAITS = {Broken.SILENCE: "silence", Broken.ANSWERED: "until the caller answered", Broken.LEFT: "the line ended"}

_WHO = {
    Side.US: "we hung up", Side.CALLER: "the caller hung up", Side.AGENT: "the agent hung up",
    Side.ASTERISK: "Asterisk went away",
}  # fmt: skip


def timeline(record: CallRecord) -> list[str]:
    """The lines, without newlines."""
    parts: list[Stint | Service] = [*record.stints, *record.services]
    parts.sort(key=lambda part: part.began)
    lines = list(_head(record))
    for part in parts:
        lines.append("")
        lines += _stint(record, part) if isinstance(part, Stint) else _service(record, part)
    return [*lines, "", *_foot(record)]


def moment(began: float) -> str:
    """A wall clock's time, in this machine's zone."""
    return f"{datetime.fromtimestamp(began).astimezone():%Y-%m-%d %H:%M:%S}"


def _head(record: CallRecord) -> Iterator[str]:
    first = record.first
    yield f"call {record.id}"
    yield f"  {moment(record.began)}, {record.ended - record.began:.1f} s"
    if first is not None:
        yield f"  caller {first.number or 'unknown'}, dialled {first.dialled or 'unknown'}"
        verdict = f", screened: {first.verdict}" if first.verdict else ""
        yield f"  standard {first.standard} version {first.version}, {first.language}{verdict}"


def _stint(record: CallRecord, stint: Stint) -> list[str]:
    offset = stint.began - record.began
    why = " ".join(word for word in (stint.procedure, stint.queue_status, stint.dial_status) if word)
    lines = [f"{offset:8.2f}  with us, by door {stint.door}{f' ({why})' if why else ''}, worker {stint.worker}"]
    return lines + [f"{offset + at:8.2f}    {told}" for at, told in sorted(_events(stint), key=lambda event: event[0])]


def _events(stint: Stint) -> Iterator[tuple[float, str]]:
    for entered in stint.procedures:
        yield entered.at, f"{entered.procedure}{f'  [{chr(32).join(entered.rules)}]' if entered.rules else ''}"
    for said in stint.prompts:
        yield said.at, f"  say   {said.name:<24} {said.until - said.at:6.2f} s  {_ENDS[said.end]}".rstrip()
    for wait in stint.waits:
        yield wait.at, _wait(wait)
    for heard in stint.heard:
        yield heard.at, f"  heard {'speech' if heard.what == 'speech' else f'key {heard.what}'}"
    for note in stint.notes:
        yield note.at, f"  {note.what}{f': {note.detail}' if note.detail else ''}"
    yield stint.lasted, _end(stint)


def _wait(wait: Waited) -> str:
    kept = "kept" if wait.kept else "NOT KEPT"
    rule = f"rule {wait.prescribed:g} s{f' [{chr(32).join(wait.rules)}]' if wait.rules else ''}"
    return f"  wait  {_WAITS[wait.end]:<24} {wait.measured:6.2f} s  {rule}: {kept}"


def _end(stint: Stint) -> str:
    told = f"{stint.end} {stint.queue}" if stint.end is End.QUEUED else str(stint.end)
    return told if stint.end is not End.HUNG_UP or stint.permitted else f"{told}, WHERE THE STANDARD DOES NOT"


def _service(record: CallRecord, service: Service) -> list[str]:
    offset = service.began - record.began
    lines = [f"{offset:8.2f}  in queue {service.queue}: waited {service.waited:.1f} s"]
    after = offset + service.waited
    if service.agent:
        lines.append(f"{after:8.2f}    agent {service.agent} answered")
    if service.talked is not None:
        lines.append(f"{after + service.talked:8.2f}    talked {service.talked:.1f} s")
    over = after + (service.talked or 0.0)
    if service.released_by is not Side.UNKNOWN:
        lines.append(f"{over:8.2f}    {_WHO[service.released_by]}")
    elif service.status:
        lines.append(f"{over:8.2f}    left the queue: {service.status}")
    return lines


def _foot(record: CallRecord) -> Iterator[str]:
    kept = sum(wait.kept for wait in record.waits)
    told = _WHO.get(record.released_by, "who hung up is not known")
    yield f"outcome {record.outcome}; {told}; waits kept {kept} of {len(record.waits)}"
