"""What the carrier's Asterisk is told: a trunk to the hotline, a row of agents' phones, an ARI door for us.

Rule: a carrier knows nothing of the hotline but its SIP address, as a telephone company would.
"""

from __future__ import annotations

from dataclasses import dataclass

APP = "carrier"


@dataclass(frozen=True)
class Phone:
    """An agent's telephone: it registers when it has a password, else the hotline knows its address."""

    user: str
    password: str = ""


@dataclass(frozen=True)
class CarrierPlan:
    """Addresses of the carrier, of the hotline it rings, and of the agents' phones behind it.

    The phones speak from an address of their own: the hotline tells the trunk by its address, and a
    REGISTER from that address would be taken for the trunk's.
    """

    address: str
    hotline: str
    phones_at: str
    phones: tuple[Phone, ...] = ()
    sip_port: int = 5060
    hotline_sip_port: int = 5060
    http_port: int = 8088
    user: str = "carrier"
    password: str = "carrier"
    rtp_ports: tuple[int, int] = (20000, 23999)

    @property
    def ari(self) -> str:
        return f"http://{self.address}:{self.http_port}/ari"

    def texts(self) -> dict[str, str]:
        """The configuration files, by name."""
        return {
            "modules.conf": _MODULES,
            "logger.conf": "[logfiles]\nmessages => warning,error\n",
            "rtp.conf": f"[general]\nrtpstart={self.rtp_ports[0]}\nrtpend={self.rtp_ports[1]}\nstrictrtp=no\n",
            "http.conf": _HTTP.format(p=self),
            "ari.conf": _ARI.format(p=self),
            "extensions.conf": _EXTENSIONS.format(app=APP),
            **dict.fromkeys(_EMPTY, ""),
            "pjsip.conf": _PJSIP.format(p=self) + "".join(self._registration(phone) for phone in self.phones),
        }

    def _registration(self, phone: Phone) -> str:
        return _REGISTRATION.format(p=self, phone=phone) if phone.password else ""


_MODULES = "[modules]\nautoload=no\n" + "".join(
    f"load={module}.so\n"
    for module in (  # noqa: SIM905
        "res_timing_timerfd res_http_websocket res_sorcery_config res_sorcery_memory res_sorcery_astdb "
        "res_pjproject res_pjsip res_pjsip_session res_pjsip_pubsub res_pjsip_sdp_rtp res_pjsip_caller_id "
        "res_pjsip_endpoint_identifier_ip res_pjsip_dtmf_info res_pjsip_rfc3326 res_pjsip_nat "
        "res_pjsip_outbound_registration res_pjsip_outbound_authenticator_digest res_pjsip_authenticator_digest "
        "res_rtp_asterisk chan_pjsip chan_rtp bridge_simple bridge_softmix bridge_holding codec_ulaw "
        "format_pcm pbx_config res_rtp_multicast "
        "res_websocket_client res_stasis_recording res_stasis_playback res_stasis_snoop "
        "func_callerid func_channel res_stasis res_stasis_answer app_stasis res_ari_model res_ari "
        "res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels res_ari_events"
    ).split()
)

# Asterisk grumbles about files it does not find; a log that only speaks of trouble is worth eight empty ones.
_EMPTY = (
    "features.conf",
    "acl.conf",
    "manager.conf",
    "udptl.conf",
    "pjproject.conf",
    "cel.conf",
    "cdr.conf",
    "stasis.conf",
    "ccss.conf",
)

_HTTP = """[general]
enabled=yes
bindaddr={p.address}
bindport={p.http_port}
sessionlimit=500
"""

_ARI = """[general]
enabled=yes
websocket_write_timeout=5000

[{p.user}]
type=user
password={p.password}
read_only=no
"""

_EXTENSIONS = """[agents]
exten => _[a-zA-Z0-9].,1,Stasis({app},agent)
 same => n,Hangup()
"""

_PJSIP = """[global]
type=global
user_agent=carrier
endpoint_identifier_order=ip

[trunk]
type=transport
protocol=udp
bind={p.address}:{p.sip_port}

[phones]
type=transport
protocol=udp
bind={p.phones_at}:{p.sip_port}

[hotline]
type=endpoint
transport=trunk
context=agents
disallow=all
allow=ulaw
aors=hotline
direct_media=no
dtmf_mode=rfc4733
trust_id_inbound=yes
media_address={p.address}
bind_rtp_to_media_address=yes

[hotline]
type=aor
contact=sip:{p.hotline}:{p.hotline_sip_port}

[hotline]
type=identify
endpoint=hotline
match={p.hotline}
"""

_REGISTRATION = """
[{phone.user}]
type=registration
transport=phones
outbound_auth={phone.user}
server_uri=sip:{p.hotline}:{p.hotline_sip_port}
client_uri=sip:{phone.user}@{p.hotline}:{p.hotline_sip_port}
contact_user={phone.user}
retry_interval=2
forbidden_retry_interval=2
fatal_retry_interval=2
max_retries=1000
expiration=600
max_random_initial_delay=0

[{phone.user}]
type=auth
auth_type=userpass
username={phone.user}
password={phone.password}
"""
