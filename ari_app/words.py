"""How names are written in hotline.yaml and standard.yaml; whoever writes one otherwise is told in words."""

from __future__ import annotations

from typing import Annotated

from ari_app.yamlfile import spelled

Name = Annotated[
    str, spelled(r"[a-z0-9][a-z0-9-]{0,60}", "a name is at most 61 small letters, digits, dashes, no dash first")
]
QueueWord = Annotated[
    str, spelled(r"[0-9A-Za-z][A-Za-z0-9_-]{1,79}", "a queue's name is 2 to 80 letters, digits, dashes, no dash first")
]
