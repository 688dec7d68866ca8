# The hotline itself: the package in a virtual environment on Debian's Python. Built from the repository's root.
ARG APP_BASE=debian:trixie-slim

FROM ${APP_BASE} AS build
ARG DEBIAN_MIRROR=
ARG APT_OPTIONS=
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
RUN if [ -n "$DEBIAN_MIRROR" ]; then echo "deb $DEBIAN_MIRROR trixie main" >/etc/apt/sources.list && rm -f /etc/apt/sources.list.d/*; fi \
 && apt-get $APT_OPTIONS update -qq \
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

FROM ${APP_BASE}
ARG DEBIAN_MIRROR=
ARG APT_OPTIONS=
RUN if [ -n "$DEBIAN_MIRROR" ]; then echo "deb $DEBIAN_MIRROR trixie main" >/etc/apt/sources.list && rm -f /etc/apt/sources.list.d/*; fi \
 && apt-get $APT_OPTIONS update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get $APT_OPTIONS install -y -qq --no-install-recommends python3 >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && groupadd --gid 7700 hotline \
 && useradd --uid 7700 --gid hotline --home-dir /nonexistent --shell /usr/sbin/nologin hotline \
 && install -d -o hotline -g hotline -m 0700 /var/lib/hotline
COPY --from=build /opt/hotline/ /opt/hotline/
COPY docker/hotline/ /etc/hotline/
USER hotline
ENV PATH=/opt/hotline/bin:$PATH PYTHONUNBUFFERED=1 STATE_DIRECTORY=/var/lib/hotline
STOPSIGNAL SIGTERM
CMD ["sh", "/etc/hotline/start.sh"]
