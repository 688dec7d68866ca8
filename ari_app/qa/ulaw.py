"""G.711 µ-law, the sound of the telephone: 8000 bytes a second, both ways, by table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 8000  # samples a second
FRAME = 160  # samples in 20 ms, one RTP packet
SILENCE = 0xFF

Samples = NDArray[np.int16]


def _decoding_table() -> NDArray[np.int16]:
    byte = ~np.arange(256) & 0xFF
    magnitude = (((byte & 0x0F) << 3) + 0x84 << ((byte & 0x70) >> 4)) - 0x84
    return np.where(byte & 0x80, -magnitude, magnitude).astype(np.int16)


def _encoding_table() -> NDArray[np.uint8]:
    """The nearest level for every 16-bit sample, indexed by sample + 32768."""
    values = _DECODED.astype(np.int32)
    order = np.argsort(values, kind="stable")
    levels = values[order]
    middles = (levels[1:] + levels[:-1]) / 2
    return order[np.searchsorted(middles, np.arange(-32768, 32768))].astype(np.uint8)


_DECODED = _decoding_table()
_ENCODED = _encoding_table()
_ENCODED[32768] = SILENCE  # +0 rather than -0: what a phone sends when nobody speaks


def decode(payload: bytes) -> Samples:
    """Telephone bytes to 16-bit samples."""
    return _DECODED[np.frombuffer(payload, np.uint8)]


def encode(samples: Samples) -> bytes:
    """16-bit samples to telephone bytes."""
    return _ENCODED[samples.astype(np.int32) + 32768].tobytes()
