"""The register in memory: a million numbers, answered in microseconds.

Rule 1: what was loaded lies in sorted columns and never changes; what changed since lies beside it and wins.
Rule 2: a lookup costs the same for a number that is listed and for one that is not.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import TypeVar

import numpy as np

from ari_app.procedures.screening import Caller, Listing, Reach, Treatment
from ari_app.register.numbers import Pattern

_TREATMENTS = tuple(Treatment)
_NEVER = float("inf")  # expires
_NO_SCORE = -1.0

Key = TypeVar("Key")


def key_of(number: str) -> int:
    """A number as an integer; local ones and those of the world never meet, and leading zeros count."""
    return int(f"1{number[1:]}") if number.startswith("+") else int(f"2{number}")


class Columns:
    """Entries of exact numbers, 38 bytes each, in the order of their numbers."""

    def __init__(self) -> None:
        self._keys, self._ids = array("Q"), array("q")
        self._expires, self._scores, self._scored_at = array("d"), array("d"), array("d")
        self._treatments, self._reviews = array("B"), array("B")
        self._sorted: np.ndarray[tuple[int], np.dtype[np.uint64]] | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, number: str, listing: Listing) -> None:
        self._keys.append(key_of(number))
        self._ids.append(listing.entry)
        self._expires.append(_NEVER if listing.expires is None else listing.expires)
        self._scores.append(_NO_SCORE if listing.score is None else listing.score)
        self._scored_at.append(listing.scored_at)
        self._treatments.append(_TREATMENTS.index(listing.treatment))
        self._reviews.append(listing.under_review)

    def close(self) -> None:
        """Sort; nothing is added after this. Takes a quarter of a second for a million: not for the loop's thread."""
        order = np.argsort(
            np.frombuffer(self._keys, np.uint64) if self._keys else np.empty(0, np.uint64), kind="stable"
        )
        for name in ("_keys", "_ids", "_expires", "_scores", "_scored_at", "_treatments", "_reviews"):
            column: array[int] = getattr(self, name)
            if column:
                ordered = np.frombuffer(column, column.typecode)[order]
                setattr(self, name, array(column.typecode, ordered.tobytes()))
        self._sorted = np.frombuffer(self._keys, np.uint64) if self._keys else np.empty(0, np.uint64)

    def find(self, key: int) -> Iterable[Listing]:
        assert self._sorted is not None
        at = int(self._sorted.searchsorted(np.uint64(key)))
        while at < len(self._keys) and self._keys[at] == key:
            score, expires = self._scores[at], self._expires[at]
            yield Listing(
                self._ids[at],
                Reach.EXACT,
                _TREATMENTS[self._treatments[at]],
                None if expires == _NEVER else expires,
                None if score == _NO_SCORE else score,
                self._scored_at[at],
                bool(self._reviews[at]),
            )
            at += 1


class Index:
    """Every entry of the register: `put`, `drop`, and `lookup`."""

    def __init__(self, columns: Columns | None = None) -> None:
        if columns is None:
            columns = Columns()
            columns.close()
        self._columns = columns
        self._changed: set[int] = set()  # entries whose loaded state is not true any more
        self._patterns: dict[int, Pattern] = {}  # of what lies beside the columns
        self._loaded = 0
        self._exact: dict[int, dict[int, Listing]] = {}
        self._prefixes: dict[str, dict[int, Listing]] = {}
        self._lengths: tuple[int, ...] = ()
        self._anonymous: dict[int, Listing] = {}
        self._ranges: dict[int, tuple[int, int, Listing]] = {}
        self._by_first: list[tuple[int, int, Listing]] = []
        self._furthest: list[int] = []  # the largest end of this range and all before it

    @property
    def beside(self) -> int:
        """How many entries lie beside the columns since everything was loaded."""
        return len(self._patterns) - self._loaded

    def loaded(self) -> None:
        """What lies beside the columns now was loaded like them."""
        self._loaded = len(self._patterns)

    def put(self, changes: Iterable[tuple[int, Pattern | None, Listing | None]]) -> None:
        """Entries that are new or changed, or (None) are no more."""
        tidy_ranges = tidy_prefixes = False
        for entry, pattern, listing in changes:
            self._changed.add(entry)
            old = self._patterns.pop(entry, None)
            reaches = {p.reach for p in (old, pattern) if p is not None}
            tidy_ranges = tidy_ranges or Reach.RANGE in reaches
            tidy_prefixes = tidy_prefixes or Reach.PREFIX in reaches
            if old is not None:
                self._take_out(entry, old)
            if pattern is not None and listing is not None:
                self._patterns[entry] = pattern
                self._put_in(entry, pattern, listing)
        if tidy_prefixes:
            self._lengths = tuple(sorted({len(prefix) for prefix in self._prefixes}))
        if tidy_ranges:
            self._sort_ranges()

    def _put_in(self, entry: int, pattern: Pattern, listing: Listing) -> None:
        match pattern.reach:
            case Reach.EXACT:
                self._exact.setdefault(key_of(pattern.first), {})[entry] = listing
            case Reach.PREFIX:
                self._prefixes.setdefault(pattern.first, {})[entry] = listing
            case Reach.RANGE:
                self._ranges[entry] = (key_of(pattern.first), key_of(pattern.last), listing)
            case Reach.ANONYMOUS:
                self._anonymous[entry] = listing

    def _take_out(self, entry: int, pattern: Pattern) -> None:
        match pattern.reach:
            case Reach.EXACT:
                _take(self._exact, key_of(pattern.first), entry)
            case Reach.PREFIX:
                _take(self._prefixes, pattern.first, entry)
            case Reach.RANGE:
                self._ranges.pop(entry, None)
            case Reach.ANONYMOUS:
                self._anonymous.pop(entry, None)

    def _sort_ranges(self) -> None:
        self._by_first = sorted(self._ranges.values(), key=lambda r: r[0])
        self._furthest, furthest = [], 0
        for _, end, _ in self._by_first:
            furthest = max(furthest, end)
            self._furthest.append(furthest)

    def lookup(self, caller: Caller) -> list[Listing]:
        """Every entry that means this caller."""
        if not caller.number:
            return list(self._anonymous.values()) if caller.identity in ("anonymous", "empty") else []
        key = key_of(caller.number)
        found = [listing for listing in self._columns.find(key) if listing.entry not in self._changed]
        if beside := self._exact.get(key):
            found.extend(beside.values())
        for number in {caller.number, caller.national}:
            for length in self._lengths:
                if length <= len(number):
                    found.extend(self._prefixes.get(number[:length], {}).values())
        at = bisect_right(self._by_first, key, key=lambda r: r[0]) - 1
        while at >= 0 and self._furthest[at] >= key:
            if self._by_first[at][1] >= key:
                found.append(self._by_first[at][2])
            at -= 1
        return found


def _take(of: dict[Key, dict[int, Listing]], key: Key, entry: int) -> None:
    entries = of.get(key)
    if entries is not None:
        entries.pop(entry, None)
        if not entries:
            del of[key]
