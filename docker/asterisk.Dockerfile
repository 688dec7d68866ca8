# Two Asterisks: the hotline's PBX, and the carrier that rings it for QA. Built from the repository's root.
ARG PBX_BASE=debian:sid-slim

FROM ${PBX_BASE} AS asterisk
ARG DEBIAN_MIRROR=
ARG APT_OPTIONS=
RUN if [ -n "$DEBIAN_MIRROR" ]; then echo "deb $DEBIAN_MIRROR sid main" >/etc/apt/sources.list && rm -f /etc/apt/sources.list.d/*; fi \
 && apt-get $APT_OPTIONS update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get $APT_OPTIONS install -y -qq --no-install-recommends asterisk >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /etc/asterisk/*

FROM asterisk AS pbx
# 7700: the group of those who may read the passwords, here and in the hotline's image.
RUN groupadd --gid 7700 hotline \
 && usermod --append --groups hotline asterisk \
 && install -d -o asterisk -g hotline -m 2750 /run/hotline \
 && install -d -o asterisk -g asterisk /run/asterisk /etc/asterisk
COPY --chown=asterisk:asterisk docker/pbx/etc/ /etc/asterisk/
# Wanted modules complain when their file is missing.
RUN cd /etc/asterisk \
 && touch acl.conf ccss.conf chan_websocket.conf codecs.conf dsp.conf pjproject.conf stasis.conf udptl.conf websocket_client.conf
COPY docker/pbx/start.sh /usr/local/bin/start
COPY dialplan/ /usr/share/hotline/dialplan/
COPY prompts/ /usr/share/asterisk/sounds/hotline/
USER asterisk
VOLUME /run/hotline
EXPOSE 5060/udp 8088/tcp 5038/tcp
STOPSIGNAL SIGTERM
CMD ["sh", "/usr/local/bin/start"]

FROM asterisk AS carrier-build
ARG DEBIAN_MIRROR=
ARG APT_OPTIONS=
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
RUN apt-get $APT_OPTIONS update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get $APT_OPTIONS install -y -qq --no-install-recommends ca-certificates python3-venv >/dev/null
COPY docker/install.sh /usr/local/bin/
COPY docker/certificates/ /certificates/
COPY docker/wheels/ /wheels/
COPY pyproject.toml README.md /src/
RUN sh /usr/local/bin/install.sh needs
COPY ari_app/ /src/ari_app/
COPY dialplan/ /src/dialplan/
COPY prompts/ /src/prompts/
RUN sh /usr/local/bin/install.sh package

FROM asterisk AS carrier
ARG APT_OPTIONS=
RUN apt-get $APT_OPTIONS update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get $APT_OPTIONS install -y -qq --no-install-recommends python3 >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && groupadd --gid 7700 hotline && usermod --append --groups hotline asterisk \
 && install -d -o asterisk -g asterisk /out
COPY --from=carrier-build /opt/hotline/ /opt/hotline/
COPY docker/carrier/play.py /opt/hotline/play.py
USER asterisk
ENV PATH=/opt/hotline/bin:$PATH PYTHONUNBUFFERED=1
ENTRYPOINT ["python", "/opt/hotline/play.py"]
