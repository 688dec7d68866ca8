"""The files every PBX of ours needs, whatever it is for: folders, modules, logger, HTTP, RTP.

A configuration may replace any of them by writing a file of the same name.
"""

from __future__ import annotations

import re

from ari_app.pbx.asterisk import Asterisk
from ari_app.pbx.place import Place

# Slow to load, noisy without a configuration, or speaking a protocol no hotline uses. A module that is
# not there is no error in a noload list.
NOT_LOADED = """
app_adsiprog app_agent_pool app_alarmreceiver app_amd app_audiosocket app_confbridge app_dictate
app_directory app_disa app_externalivr app_festival app_followme app_getcpeid app_jack app_minivm
app_morsecode app_mp3 app_page app_sla app_sms app_test app_voicemail app_voicemail_imap app_voicemail_odbc
app_zapateller cdr_adaptive_odbc cdr_csv cdr_custom cdr_manager cdr_odbc cdr_pgsql cdr_radius
cdr_sqlite3_custom cdr_tds cel_custom cel_manager cel_odbc cel_pgsql cel_radius cel_sqlite3_custom cel_tds
chan_audiosocket chan_console chan_dahdi chan_iax2 chan_mobile chan_motif chan_ooh323 chan_sip chan_unistim
codec_amr codec_codec2 codec_dahdi codec_lpc10 codec_opus_open_source codec_speex
format_ogg_opus_open_source format_ogg_speex format_ogg_vorbis func_config func_curl func_odbc func_speex
func_vmcount pbx_ael pbx_dundi pbx_lua pbx_realtime pbx_spool res_adsi res_aeap res_ael_share
res_audiosocket res_calendar res_calendar_caldav res_calendar_ews res_calendar_exchange
res_calendar_icalendar res_cdrel_custom res_clialiases res_config_curl res_config_ldap
res_config_mysql res_config_odbc res_config_pgsql res_config_sqlite3 res_corosync res_curl res_fax
res_fax_spandsp res_geolocation res_hep res_hep_pjsip res_hep_rtcp res_http_media_cache res_http_post
res_musiconhold res_odbc res_odbc_transaction res_parking res_phoneprov res_pjsip_config_wizard
res_pjsip_geolocation res_pjsip_notify res_pjsip_phoneprov_provider res_pjsip_publish_asterisk
res_pjsip_stir_shaken res_pjsip_transport_websocket res_prometheus res_realtime res_resolver_unbound
res_smdi res_snmp res_sorcery_realtime res_speech_aeap res_stasis_test res_statsd res_stir_shaken
res_stun_monitor res_timing_pthread res_tonedetect res_xmpp
""".split()  # noqa: SIM905


def files_for(place: Place, asterisk: Asterisk) -> dict[str, str]:
    """File name to text, for any PBX at this place."""
    first, last = place.ports.rtp
    return {
        "asterisk.conf": _asterisk_conf(place, asterisk),
        "modules.conf": "\n".join(["[modules]", "autoload = yes", *(f"noload = {name}.so" for name in NOT_LOADED), ""]),
        "logger.conf": _LOGGER,
        "http.conf": (
            "[general]\nenabled = yes\n"
            f"bindaddr = {place.address}\nbindport = {place.ports.http}\nsessionlimit = 1000\n"
        ),
        "rtp.conf": f"[general]\nrtpstart = {first}\nrtpend = {last}\nstrictrtp = yes\nicesupport = no\n",
        "cdr.conf": "[general]\nenable = no\n",
        "cel.conf": "[general]\nenable = no\n",
        "indications.conf": _INDICATIONS,
        **_QUIET,
    }


_LOGGER = """\
[general]
dateformat = %F %T.%3q
[logfiles]
messages = warning,error
"""

# Modules that are wanted but complain when their file is missing.
_QUIET = dict.fromkeys(
    (
        "acl.conf",
        "ari.conf",
        "ccss.conf",
        "chan_websocket.conf",
        "codecs.conf",
        "dsp.conf",
        "extensions.conf",
        "features.conf",
        "manager.conf",
        "pjproject.conf",
        "pjsip.conf",
        "queues.conf",
        "udptl.conf",
        "websocket_client.conf",
    ),
    "",
)

# The tones a caller hears from the PBX itself: China's (GF 001-9001), as the prompts are Chinese.
_INDICATIONS = """\
[general]
country = cn
[cn]
description = China
ringcadence = 1000,4000
dial = 450
busy = 450/350,0/350
ring = 450/1000,0/4000
congestion = 450/700,0/700
callwaiting = 450/400,0/4000
dialrecall = 450
record = 950/400,0/10000
info = 450/100,0/100,450/100,0/100,450/100,0/100,450/400,0/400
"""


def _asterisk_conf(place: Place, asterisk: Asterisk) -> str:
    return f"""\
[directories]
astetcdir => {place.etc}
astmoddir => {asterisk.modules}
astdatadir => {asterisk.data}
astagidir => {asterisk.data}/agi-bin
astvarlibdir => {place.var}
astdbdir => {place.var}
astkeydir => {place.var}
astcachedir => {place.var}/cache
astspooldir => {place.spool}
astrundir => {place.run}
astlogdir => {place.log}

[options]
nocolor = yes
defaultlanguage = en
documentation_language = en_US
systemname = {re.sub(r"[^0-9A-Za-z]+", "-", place.folder.name)}
hideconnect = yes
"""
