"""The carrier in a container: plays the cast against the composed hotline, and says how each caller was treated.

Rule 1: it knows of the hotline what a telephone company knows: an address, its login, the agents' telephones.
Rule 2: what was heard goes to /out (report.html, recordings, verdicts.json); exit code 0 only if all were served well.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from ari_app import paths, standard
from ari_app.errors import HotlineError, PbxFailed
from ari_app.pbx.asterisk import installed_at
from ari_app.pbx.instance import Pbx
from ari_app.pbx.place import Place
from ari_app.qa import page, report
from ari_app.qa.carrier import Carrier
from ari_app.qa.carrier_config import CarrierPlan, Phone
from ari_app.qa.cast import CAST, HOSTILE, CastCaller
from ari_app.qa.ears import Ears
from ari_app.qa.hearing import Hearing
from ari_app.qa.player import Director, Player, rehearsed
from ari_app.qa.stage import DIALLED, Voices
from ari_app.qa.verdict import Verdict, judge
from ari_app.standard import Standard

PASSWORDS = Path("/run/hotline/passwords")
PHONES_PORT = 5062  # the agents' telephones: beside the trunk, which has 5060
REGISTERED_WITHIN = 30.0
Results = list[tuple[Hearing, Verdict]]


@dataclass(frozen=True)
class Accounts:
    """What the hotline's admin has told the carrier: the trunk's and the agents' passwords."""

    trunk: str
    agent: str
    agents: int

    @classmethod
    def told(cls) -> Accounts:
        """From the environment, else where the PBX left them."""
        lines = PASSWORDS.read_text().splitlines() if PASSWORDS.exists() else []
        known = dict(line.split("=", 1) for line in lines)
        known |= {name: value for name, value in os.environ.items() if name.startswith("HOTLINE_") and value}
        try:
            agents = int(known.get("HOTLINE_AGENTS", "8"))
            return cls(known["HOTLINE_TRUNK_PASSWORD"], known["HOTLINE_AGENT_PASSWORD"], agents)
        except KeyError as missing:
            raise PbxFailed(f"{missing.args[0]} is not known: has the PBX been started?") from None


@dataclass(frozen=True)
class TrunkedPlan(CarrierPlan):
    """A carrier that logs in for each call, and whose phones share its address."""

    trunk_password: str = ""

    def texts(self) -> dict[str, str]:
        """The plan's files, with a login for the trunk and another port for the phones."""
        files = super().texts()
        files["pjsip.conf"] += _LOGIN.format(plan=self, port=PHONES_PORT)
        return files


_LOGIN = """
[phones](+)
bind={plan.phones_at}:{port}

[hotline](+type=endpoint)
outbound_auth=trunk-login

[trunk-login]
type=auth
auth_type=userpass
username=carrier
password={plan.trunk_password}
"""


@click.command()
@click.option("--hotline", default="pbx", help="Where the hotline's PBX is.")
@click.option("--application-down", is_flag=True, help="Only the callers who are to find the application stopped.")
@click.option("--hostile", is_flag=True, help="Two more callers, whose caller ids are attacks.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("/out"), help="Where the report goes.")
def main(hotline: str, application_down: bool, hostile: bool, out: Path) -> None:
    """Ring the hotline as the cast does."""
    cast = [caller for caller in CAST if caller.application_down == application_down]
    cast += HOSTILE if hostile else ()
    try:
        results = asyncio.run(play(hotline, cast, out))
    except HotlineError as trouble:
        click.echo(f"carrier: {trouble}", err=True)
        sys.exit(2)
    sys.exit(0 if all(verdict.kept for _, verdict in results) else 1)


async def play(hotline: str, cast: Sequence[CastCaller], out: Path) -> Results:
    """Start the carrier's PBX, let everybody ring at once, judge what they heard, and write it down."""
    console, began = Console(width=132), time.monotonic()
    accounts, spoken = Accounts.told(), standard.load(paths.standard_folder("hotline-standard"))
    address = _own_address(hotline)
    phones = tuple(Phone(f"agent-{n:03}", accounts.agent) for n in range(1, accounts.agents + 1))
    plan = TrunkedPlan(
        address, _address(hotline), address, phones, password=accounts.trunk, trunk_password=accounts.trunk
    )

    def files(_place: Place) -> dict[str, str]:
        return plan.texts()

    asterisk = installed_at(Path("/usr/sbin/asterisk"))
    async with Pbx(asterisk, out / "carrier", configuration=files, address=address) as pbx:
        await _registered(pbx, len(phones))
        console.print(
            f"{len(cast)} callers ring {hotline} ({plan.hotline}) from {address}, Asterisk {asterisk.version}."
        )
        hearings = await _hearings(plan, cast, spoken, console)
    results = [(hearing, judge(hearing, spoken)) for hearing in hearings]
    _write(out, results, spoken, console)
    kept = sum(verdict.kept for _, verdict in results)
    console.print(f"{kept} of {len(results)} callers were treated by the standard ({time.monotonic() - began:.0f} s).")
    return results


async def _hearings(plan: CarrierPlan, cast: Sequence[CastCaller], spoken: Standard, console: Console) -> list[Hearing]:
    voices = Voices.load()
    director = Director(voices)
    numbers = itertools.count(13_800_000_001)
    with report.Watch(console, cast) as watch:
        players = []
        for caller in cast:
            script = await asyncio.to_thread(rehearsed, caller, spoken)

            def tell(news: str, caller: CastCaller = caller) -> None:
                watch(caller, news)

            players.append(Player(caller, script, voices, str(next(numbers)), tell))
        async with Carrier(plan, director.agent_rings) as carrier:
            await asyncio.gather(*(player.play(carrier, director, DIALLED) for player in players))
    ears = Ears(spoken, paths.shipped("prompts"), (voices.caller, voices.agent))
    return [await asyncio.to_thread(player.hearing, ears.matcher(player.caller)) for player in players]


def _write(out: Path, results: Results, spoken: Standard, console: Console) -> None:
    facts = (
        ("standard", f"{spoken.name}, version {spoken.version}, {spoken.language}"),
        ("played", datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")),
        ("packets lost", str(sum(hearing.recording.lost for hearing, _ in results))),
    )
    page.write(out, results, facts)
    told = [
        {"caller": h.caller.name, "kept": v.kept, "answered_after": h.answered_after, **asdict(v)} for h, v in results
    ]
    (out / "verdicts.json").write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    console.print(report.table(results))
    report.explain(console, results)


async def _registered(pbx: Pbx, phones: int) -> None:
    """Every agent's telephone is known to the hotline."""
    try:
        async with asyncio.timeout(REGISTERED_WITHIN):
            while (await pbx.console("pjsip show registrations")).count("Registered") < phones:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise PbxFailed(f"the agents' phones did not register within {REGISTERED_WITHIN:.0f} s") from None


def _address(name: str) -> str:
    try:
        return socket.gethostbyname(name)
    except OSError:
        raise PbxFailed(f"there is no PBX called {name} on this network: is it up?") from None


def _own_address(towards: str) -> str:
    """Ours, on the network where the hotline is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((_address(towards), 5060))
        return str(probe.getsockname()[0])


if __name__ == "__main__":
    main()
