"""The memory of the register against the plainest way of looking something up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ari_app.procedures.screening import Caller, Identity, Listing, Reach, Treatment
from ari_app.register.index import Columns, Index, key_of
from ari_app.register.numbers import Pattern, identify

NUMBERS = st.text("012", min_size=1, max_size=4) | st.text("012", min_size=1, max_size=4).map("+8613{}".format)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    reach = draw(st.sampled_from(list(Reach)))
    first = draw(NUMBERS)
    if reach is Reach.ANONYMOUS:
        return Pattern(reach)
    if reach is Reach.RANGE:
        shape = len(first.lstrip("+"))
        other = draw(st.text("012", min_size=shape, max_size=shape))
        other = f"+{other}" if first.startswith("+") else other
        return Pattern(reach, *sorted((first, other)))
    return Pattern(reach, first)


def means(pattern: Pattern, caller: Caller) -> bool:
    match pattern.reach:
        case Reach.EXACT:
            return caller.number == pattern.first
        case Reach.PREFIX:
            return any(n.startswith(pattern.first) for n in (caller.number, caller.national) if n)
        case Reach.RANGE:
            alike = len(caller.number) == len(pattern.first) and (caller.number[:1] == "+") == (pattern.first[0] == "+")
            return bool(caller.number) and alike and pattern.first <= caller.number <= pattern.last
        case Reach.ANONYMOUS:
            return caller.identity in (Identity.ANONYMOUS, Identity.EMPTY)


CALLERS = NUMBERS.map(lambda n: Caller(Identity.NUMBER, n, n.removeprefix("+86"))) | st.just(Caller(Identity.ANONYMOUS))


@given(
    st.lists(patterns(), max_size=12),
    st.lists(st.tuples(st.integers(1, 20), st.none() | patterns()), max_size=12),
    st.lists(CALLERS, max_size=8),
)
def test_a_lookup_finds_exactly_who_is_meant_after_any_changes(
    loaded: list[Pattern], changes: list[tuple[int, Pattern | None]], callers: list[Caller]
) -> None:
    columns, others, plain = Columns(), [], dict[int, Pattern]()
    for entry, pattern in enumerate(loaded, start=1):
        listing = Listing(entry, pattern.reach, Treatment.STATION, expires=entry * 1.5)
        plain[entry] = pattern
        if pattern.reach is Reach.EXACT:
            columns.add(pattern.first, listing)
        else:
            others.append((entry, pattern, listing))
    columns.close()
    index = Index(columns)
    index.put(others)
    for changed, now in changes:
        plain.pop(changed, None)
        if now is not None:
            plain[changed] = now
        index.put([(changed, now, Listing(changed, now.reach, Treatment.ALLOW) if now else None)])
    for caller in callers:
        found = index.lookup(caller)
        assert sorted(listing.entry for listing in found) == sorted(e for e, p in plain.items() if means(p, caller))


def test_a_listing_comes_out_of_the_columns_as_it_went_in() -> None:
    columns = Columns()
    listings = [
        Listing(7, Reach.EXACT, Treatment.REJECT, 1.5, 0.25, 9.5, True),
        Listing(8, Reach.EXACT, Treatment.ALLOW),
    ]
    for listing in listings:
        columns.add("+8613800138000", listing)
    columns.close()
    assert Index(columns).lookup(identify("13800138000")) == listings


def test_leading_zeros_and_the_plus_count() -> None:
    assert len({key_of(number) for number in ("1", "01", "001", "+1", "11", "+11", "21", "+21")}) == 8
