#!/bin/sh
# The PBX's way up: find or make the passwords, write what depends on this machine, become Asterisk.
#
# The configuration is the hotline's own `dialplan/`, included as it is; what is written here adds addresses,
# passwords and accounts (sections with a `(+)`), and includes /etc/asterisk/local/*.conf last, where a mounted
# folder may add a carrier, agents or settings.
#
# A password comes from the environment (.env); else from an earlier start; else it is made. The hotline
# and the carrier of QA read it from the volume /run/hotline.
set -eu
umask 027

kept=/run/hotline/passwords
etc=/etc/asterisk
samples=/usr/share/hotline/dialplan

fail() { echo "pbx: $1" >&2; exit 2; }

password() { # password NAME: prints it
  eval "given=\${$1:-}"
  if [ -z "$given" ] && [ -r "$kept" ]; then given=$(sed -n "s/^$1=//p" "$kept"); fi
  if [ -z "$given" ]; then given=$(head -c 15 /dev/urandom | base64 | tr '+/' '-_'); fi
  case $given in
    *[!0-9A-Za-z_.-]*) fail "$1 may have letters, digits, dot, dash and underscore only: change it in .env" ;;
  esac
  echo "$given"
}

number() { # number NAME DEFAULT: prints it
  eval "given=\${$1:-$2}"
  case $given in
    *[!0-9]*) fail "$1 is to be a number: change it in .env" ;;
  esac
  echo "$given"
}

dotted() { # dotted 000011AC: prints 172.17.0.0 (/proc/net/route is little-endian)
  printf '%d.%d.%d.%d' "0x${1#??????}" "0x$(echo "$1" | cut -c5-6)" "0x$(echo "$1" | cut -c3-4)" "0x$(echo "$1" | cut -c1-2)"
}

ari=$(password HOTLINE_ARI_PASSWORD)
ami=$(password HOTLINE_AMI_PASSWORD)
softphone=$(password HOTLINE_SOFTPHONE_PASSWORD)
agent=$(password HOTLINE_AGENT_PASSWORD)
trunk=$(password HOTLINE_TRUNK_PASSWORD)
cat >"$kept.new" <<END
HOTLINE_ARI_PASSWORD=$ari
HOTLINE_AMI_PASSWORD=$ami
HOTLINE_SOFTPHONE_PASSWORD=$softphone
HOTLINE_AGENT_PASSWORD=$agent
HOTLINE_TRUNK_PASSWORD=$trunk
END
chmod 640 "$kept.new"
mv "$kept.new" "$kept"

sip_port=$(number HOTLINE_SIP_PORT 5060)
rtp_first=$(number HOTLINE_RTP_FIRST 10000)
rtp_last=$(number HOTLINE_RTP_LAST 10099)
agents=$(number HOTLINE_AGENTS 8)
public=${HOTLINE_PUBLIC_ADDRESS:-}
case $public in *[!0-9A-Za-z.:-]*) fail "HOTLINE_PUBLIC_ADDRESS is to be an address: change it in .env" ;; esac

# The networks this container is on. Whoever rings from elsewhere, or through the engine's own gateway, is told
# the public address instead of ours.
permitted=
local_nets=
while read -r _ to gateway _ _ _ _ mask _; do
  case $to-$gateway in
    Destination-*) ;;
    00000000-*) local_nets="$local_nets
local_net = !$(dotted "$gateway")/32" ;;
    *) permitted="$permitted
permit = $(dotted "$to")/$(dotted "$mask")"
      local_nets="local_net = $(dotted "$to")/$(dotted "$mask")
$local_nets" ;;
  esac
done </proc/net/route

write() { # write NAME: standard input, between the sample and the local additions
  { echo "#include $samples/$1"; echo; cat; echo "#tryinclude $etc/local/$1"; } >"$etc/$1"
}

write ari.conf <<END
[hotline](+)
password = $ari
END
write http.conf <<END
[general](+)
bindaddr = 0.0.0.0
END
write manager.conf <<END
[general](+)
bindaddr = 0.0.0.0
[hotline](+)
secret = $ami$permitted
END
printf '[general]\nrtpstart = %s\nrtpend = %s\nstrictrtp = yes\nicesupport = no\n' "$rtp_first" "$rtp_last" >"$etc/rtp.conf"

{
  echo "[hotline](+)"
  for n in $(seq -f %03g 1 "$agents"); do echo "member => PJSIP/agent-$n,0,Agent $n"; done
} | write queues.conf

{
  echo "[hotline-udp](+)"
  if [ -n "$public" ]; then
    echo "external_signaling_address = $public"
    echo "external_signaling_port = $sip_port"
    echo "external_media_address = $public"
    echo "$local_nets"
  fi
  cat <<END
; Who rings is known by login first: everybody may come through the engine's gateway, from one address.
[global]
type = global
endpoint_identifier_order = auth_username,username,ip

[softphone-login](+)
password = $softphone

; A carrier, or another PBX, that logs in for each call: user carrier.
[carrier](hotline-trunk)
identify_by = auth_username
auth = carrier-login
aors = carrier
[carrier-login](hotline-agent-login)
username = carrier
password = $trunk
[carrier]
type = aor
END
  for n in $(seq -f %03g 1 "$agents"); do
    cat <<END
[agent-$n](hotline-agent-phone)
auth = agent-$n-login
aors = agent-$n
[agent-$n-login](hotline-agent-login)
username = agent-$n
password = $agent
[agent-$n](hotline-agent-place)
END
  done
} | write pjsip.conf

{
  printf '[general]\n\n[globals]\n'
  env | sed -n 's/^\(HOTLINE_\(CLAIM_MS\|QUEUE_SECONDS\|QUEUE_ROUNDS\|ROUND_PAUSE\)\)=\([0-9]\{1,\}\)$/\1 = \3/p'
  printf '#include %s/extensions-hotline.conf\n#include %s/extensions-hotline-callback.conf\n' "$samples" "$samples"
  printf '#tryinclude %s/local/extensions.conf\n' "$etc"
} >"$etc/extensions.conf"

at=${public:-$(hostname -I | cut -d' ' -f1)}
cat <<END

  A telephone to ring with      sip:$at:$sip_port   user softphone   password $softphone
  Agents' telephones            sip:$at:$sip_port   users agent-001 … agent-$(printf %03d "$agents")   password $agent
  Ring any number, for example 4008008000. Sound comes by UDP ports $rtp_first to $rtp_last.

END
unset HOTLINE_ARI_PASSWORD HOTLINE_AMI_PASSWORD HOTLINE_SOFTPHONE_PASSWORD HOTLINE_AGENT_PASSWORD HOTLINE_TRUNK_PASSWORD
# Files for many calls, as far as the engine allows.
most=$(ulimit -Hn)
case $most in unlimited) most=65536 ;; *) [ "$most" -lt 65536 ] || most=65536 ;; esac
ulimit -n "$most"
exec /usr/sbin/asterisk -f -C "$etc/asterisk.conf"
