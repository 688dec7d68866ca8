"""Which voice speaks: the one asked for, else the one of `studio.yaml`, else the packaged one of the language.

    # prompts/studio.yaml
    voice: piper --model zh_CN-huayan-medium.onnx --output_file {out}

Rule: one line is enough; a standard.yaml never names a voice.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from ari_app.errors import BrokenConfiguration
from ari_app.studio.voice import Voice, voice_for
from ari_app.yamlfile import YamlFile

SETTINGS: Final = "studio.yaml"


class _Settings(BaseModel):
    """The shape of studio.yaml: a command for every language, or one for each."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    voice: str | dict[str, str] = {}
    time_limit: Annotated[float, Field(gt=0, le=3600)] | None = None


def voice_of(folder: Path, language: str, asked_for: str = "", time_limit: float | None = None) -> Voice:
    """The voice that speaks in a language's folder.

    Raises BrokenConfiguration, naming the setting that is wrong, or StudioFailed when nobody speaks the language.

    studio.yaml is looked for beside the standard's standard.yaml, then beside the standard's folder.
    """
    settings, where = next(_settings(folder), (_Settings(), ""))
    set_here = settings.voice if isinstance(settings.voice, str) else settings.voice.get(language, "")
    if asked_for:
        speaker = voice_from(asked_for, "--voice or HOTLINE_VOICE")
    elif set_here:
        speaker = voice_from(set_here, where)
    else:
        speaker = voice_for(language)
    limit = time_limit or settings.time_limit
    return replace(speaker, time_limit=limit) if limit else speaker


def voice_from(command: str, where: str) -> Voice:
    """A voice from a line of configuration; raises BrokenConfiguration."""
    try:
        words = tuple(shlex.split(command))
    except ValueError as problem:
        raise BrokenConfiguration(f"{where}: the voice cannot be split into words ({problem})") from None
    if not any("{out}" in word for word in words):
        raise BrokenConfiguration(f"{where}: the voice must say where {{out}}, the file to write, goes")
    return Voice(words)


def _settings(folder: Path) -> Iterator[tuple[_Settings, str]]:
    for place in folder.absolute().parents[:2]:
        path = place / SETTINGS
        if path.is_file():
            yield YamlFile(path, BrokenConfiguration).parse(_Settings), f"{path}: voice"
