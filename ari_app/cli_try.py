"""`hotline try`: ring it yourself.

Rule: the trial does the work; here it is shown, and ended by Ctrl-C.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ari_app.pbx.place import Ports
    from ari_app.trial import Trial


@click.command("try")
@click.option(
    "--address", metavar="IP",
    help="Listen at this address of the machine, so that telephones of your network can ring in; ARI and AMI listen "
    "there too, behind random passwords [default: a loopback address of its own, for a softphone on this machine].",
)  # fmt: skip
@click.option(
    "--sip-port", type=click.IntRange(1024, 65535),
    help="Exactly this port for SIP, or fail [default: 5060, or 25060 when it is taken].",
)  # fmt: skip
@click.option(
    "--worker-count", type=click.IntRange(1, 16), default=1, show_default=True, help="Workers to share calls."
)
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Where logs go [default: in the user's cache]."
)
def try_(address: str | None, sip_port: int | None, worker_count: int, folder: Path | None) -> None:
    """A PBX and the hotline on this machine, left up for your softphone; Ctrl-C stops both."""
    import asyncio
    from ipaddress import AddressValueError, IPv4Address

    from ari_app.pbx.place import Ports
    from ari_app.pbx.provide import cache_folder

    try:
        IPv4Address(address or "127.0.0.1")
    except AddressValueError:
        raise click.BadParameter(f"{address!r} is no IPv4 address", param_hint="--address") from None
    where = (folder or cache_folder() / "try").absolute()
    asyncio.run(_keep_up(where, address, Ports(sip=sip_port) if sip_port else None, worker_count))


async def _keep_up(folder: Path, address: str | None, ports: Ports | None, worker_count: int) -> None:
    import asyncio
    import signal

    from ari_app.trial import TrialEnded, trial

    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stop, told_to_stop.set)
    async with trial(folder, address, ports, worker_count, click.echo) as (hotline, over):
        _show(hotline, worker_count)
        ending, stopping = asyncio.ensure_future(over), asyncio.create_task(told_to_stop.wait())
        await asyncio.wait((ending, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if ending.done():
            raise TrialEnded(ending.result())
        click.echo("\nStopping: callers on the line go to the agents' queue, then the PBX ends with them.")
    click.echo("Stopped; nothing is left running.")


def _show(hotline: Trial, worker_count: int) -> None:
    lines = [
        ("", ""),
        ("The hotline answers.", f"{hotline.asterisk}, workers: {worker_count}"),
        ("", ""),
        ("  SIP address", f"{hotline.sip_uri}   (UDP)"),
        ("  user", hotline.user),
        ("  password", hotline.password),
        ("  dial", "100, or any number"),
        ("", ""),
        ("  speak", "after the greeting: an agent answers, says a sentence, and then echoes you"),
        ("  say nothing", "and be asked twice, told that there is no sound, and let go"),
        ("  press 9", "wrong number"),
        ("", ""),
        ("  configuration", f"{hotline.configuration}   (hotline check -c …, from another terminal)"),
        ("  logs", "\n".join(f"{'':23}{log}" for log in hotline.logs).lstrip()),
        ("", ""),
    ]
    for label, told in lines:
        click.echo(f"{label:<23}{told}".rstrip())
    if hotline.address.startswith("127."):
        lan = _lan_address()
        click.echo(
            "  Only this machine can ring that address. For a telephone on the desk: "
            f"hotline try --address {lan or 'IP-OF-THIS-MACHINE'}"
        )
    click.echo("  Ctrl-C stops everything.")


def _lan_address() -> str | None:
    """The address a telephone in the same network would reach us at; no packet is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address
