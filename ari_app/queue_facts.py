"""What the queues tell of our callers, as parts of their records: how long they waited, who served them, who hung up.

Rule 1: no call and no record depends on it: without AMI a record says that its caller went to a queue, and no more.
Rule 2: a round in a queue has the same id whoever saw it: two workers beside one Asterisk write it once.
Rule 3: what was not seen is not guessed: a caller who left while AMI was cut has no service, or one without its end;
but an Asterisk that has restarted took all its calls with it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ari_app.ami.queues import RESTARTED, Kind, News
from ari_app.ami.watch import QueueWatch
from ari_app.ari.dialler import is_far_half
from ari_app.config import Configuration
from ari_app.errors import PbxRefused
from ari_app.records.facts import CallRecord, End, Service, Side
from ari_app.records.record import clean

log = logging.getLogger(__name__)

TOLD_WITHIN = 5.0
"""Seconds after a caller left a queue by which AMI has told whether an agent answered: an announcement to the agent
may come in between."""
REMEMBERED = 5000
"""Callers of whom it is remembered how often no agent answered."""
OURS = "hotline"
"""Queues of this name, and those that begin with it and a dash, are ours; so is any to which we hand a caller."""
SIDES = {"agent": Side.AGENT, "caller": Side.CALLER}
"""Who hung up, by AgentComplete's Reason; "transfer" is neither: the caller was given on, or back to us.

https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/AMI_Events/AgentComplete/
"""


@dataclass(slots=True)
class _Round:
    """A caller in a queue. Moments are of the loop's clock."""

    number: int  # how manieth of this call
    queue: str
    since: float
    left: float | None = None  # waits no more
    agent: str = ""
    agent_channel: str = ""
    waited: float = 0.0
    ending: asyncio.TimerHandle | None = None


class QueueFacts:
    """One worker's eyes on the queues: `create_task(facts.run())`, and `close()` before the records are closed."""

    def __init__(self, config: Configuration, keep: Callable[[CallRecord], None]) -> None:
        self._keep = keep
        self._ours = {config.queue}
        self._rounds: dict[str, _Round] = {}
        self._unserved: dict[str, int] = {}  # rounds so far in which no agent answered, of callers who may come again
        self._wanted = bool(config.ami.password.get_secret_value())
        self.watch = QueueWatch(config.ami, self.hear)

    async def run(self) -> None:
        """Watch until cancelled; not at all when no password is configured. A wrong one is told once."""
        if not self._wanted:
            return
        try:
            await self.watch.run()
        except PbxRefused as problem:
            log.error("%s; until this worker is started again, records tell no agents and no waits in queues", problem)

    def follow(self, record: CallRecord) -> None:
        """A stint is over: the queue it led to is ours. A caller who hung up with us comes to no queue again."""
        self._ours |= {stint.queue for stint in record.stints if stint.queue}
        if any(stint.end in (End.HUNG_UP, End.CALLER_HUNG_UP, End.CUT) for stint in record.stints):
            self._unserved.pop(record.id, None)

    def close(self) -> None:
        """What is known already is kept; who still waits or talks is left to the worker that comes after us."""
        for call, round_ in list(self._rounds.items()):
            if round_.left is not None and not round_.agent:
                self._nobody_answered(call, Side.UNKNOWN)
        self._rounds.clear()

    # ------------------------------------------------------------------ what the queues tell

    def hear(self, news: News) -> None:
        """One thing that happened to a caller, in Asterisk's order. Of our own looking for an agent nothing is kept."""
        if is_far_half(news.call):
            return
        now = asyncio.get_running_loop().time()
        match news.kind:
            case Kind.JOINED:
                self._joined(news, now)
            case Kind.LEFT:
                self._left(news, now)
            case Kind.ABANDONED:
                self._round(news, now).left = now
                self._nobody_answered(news.call, Side.CALLER)
            case Kind.CONNECTED:
                self._connected(news, now)
            case Kind.COMPLETED:
                self._completed(news, now)
            case Kind.MISSED:
                self._missed(news)
            case Kind.RANG_IN_VAIN:
                pass

    def _joined(self, news: News, now: float) -> None:
        """Again, perhaps: an agent's key gave the caller back, and the queue will not tell of it until they hang up."""
        before = self._rounds.get(news.call)
        if before is not None and before.agent:
            self._parted(news.call)
        elif before is not None:
            self._nobody_answered(news.call, Side.UNKNOWN)
        waiting = self.watch.queues.waiting.get(news.call)
        since = waiting.since if waiting is not None else now
        self._rounds[news.call] = _Round(self._unserved.get(news.call, 0) + 1, news.queue, since)

    def _left(self, news: News, now: float) -> None:
        """Perhaps to an agent: that is told next."""
        left = self._round(news, now)
        left.left = now
        loop = asyncio.get_running_loop()
        left.ending = loop.call_later(TOLD_WITHIN, self._nobody_answered, news.call, Side.UNKNOWN)

    def _connected(self, news: News, now: float) -> None:
        served = self._round(news, now)
        _stop(served)
        served.left, served.agent, served.agent_channel = now, _agent(news), news.agent_channel
        served.waited = max(now - served.since, 0.0)

    def _completed(self, news: News, now: float) -> None:
        """To the millisecond where we saw it begin; else by the queue's own whole seconds."""
        known = self._rounds.get(news.call)
        if not news.agent_channel and (known is None or known.agent != _agent(news)):
            return  # of an agent who gave the caller back and was gone long before: told when they parted, or not seen
        self._rounds.pop(news.call, None)
        if known is not None:
            _stop(known)
        if known is None or known.left is None or not known.agent:
            talked = news.talked
            over = _Round(0, news.queue, now - talked - news.waited, waited=news.waited)
        else:
            talked, over = now - known.left, known
        over.agent = _agent(news)
        over.agent_channel = (known.agent_channel if known is not None else "") or news.agent_channel
        self._serve(news.call, over, talked, SIDES.get(news.reason, Side.UNKNOWN))

    def _missed(self, news: News) -> None:
        """Gone while AMI was cut, or given back. Who had an agent had one; of who waited nothing is known, unless
        Asterisk did it.
        """
        known = self._rounds.get(news.call)
        if known is None:
            return
        if news.reason == RESTARTED:
            _stop(self._rounds.pop(news.call))
            self._cut(news.call, known, self.watch.connection.lost_at)
        elif known.agent:
            self._parted(news.call)
        else:
            _stop(self._rounds.pop(news.call))

    def _parted(self, call: str) -> None:
        """No more with this agent, since when the queue did not say: the next stint may (records/facts.py)."""
        known = self._rounds.pop(call)
        _stop(known)
        self._serve(call, known)

    def _cut(self, call: str, known: _Round, at: float) -> None:
        """Asterisk went away, and nobody can have hung up later."""
        if known.agent and known.left is not None:
            self._serve(call, known, max(at - known.left, 0.0), Side.ASTERISK)
        else:
            known.left = at
            self._rounds[call] = known
            self._nobody_answered(call, Side.ASTERISK)

    def _round(self, news: News, now: float) -> _Round:
        """This caller's round; one whose beginning we did not see began as long ago as the queue says."""
        if news.call not in self._rounds:
            self._rounds[news.call] = _Round(self._unserved.get(news.call, 0) + 1, news.queue, now - news.waited)
        return self._rounds[news.call]

    # ------------------------------------------------------------------ what is kept

    def _nobody_answered(self, call: str, released_by: Side) -> None:
        over = self._rounds.pop(call, None)
        if over is None:
            return
        _stop(over)
        if released_by is Side.CALLER:
            self._unserved.pop(call, None)
            name = "abandoned"  # there is no round after it
        else:
            self._count(call, over.number)
            name = f"queue-{over.number}"
        now = asyncio.get_running_loop().time()
        waited = round((now if over.left is None else over.left) - over.since, 3)
        self._tell(
            call, over.queue, Service(name, _wall(over.since), clean(over.queue), waited, released_by=released_by)
        )

    def _count(self, call: str, rounds: int) -> None:
        """Callers who hang up between two rounds, and are not with us then, are forgotten some thousands later."""
        self._unserved[call] = rounds
        if len(self._unserved) > REMEMBERED:
            del self._unserved[next(iter(self._unserved))]

    def _serve(self, call: str, over: _Round, talked: float | None = None, released_by: Side = Side.UNKNOWN) -> None:
        """The agent's channel tells one talk from another: every call to an agent has a new one."""
        took = None if talked is None else round(talked, 3)
        name = f"served-{clean(over.agent_channel or over.agent)}"
        service = Service(
            name, _wall(over.since), clean(over.queue), round(over.waited, 3), over.agent, took, released_by
        )
        self._tell(call, over.queue, service)

    def _tell(self, call: str, queue: str, service: Service) -> None:
        if _is_ours(queue, self._ours):
            self._keep(CallRecord(clean(call), (), (service,)))


def _is_ours(queue: str, known: Collection[str]) -> bool:
    return queue in known or queue == OURS or queue.startswith(f"{OURS}-")


def _agent(news: News) -> str:
    return clean(news.name or news.agent)


def _stop(round_: _Round) -> None:
    if round_.ending is not None:
        round_.ending.cancel()


def _wall(moment: float) -> float:
    """A moment of the loop's clock as seconds since 1970."""
    return time.time() - (asyncio.get_running_loop().time() - moment)
