"""The register in the database: whatever is done can be undone, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import pytest

from ari_app.procedures.screening import Mark, Treatment
from ari_app.register.entries import Batch, Entry
from ari_app.register.numbers import pattern
from ari_app.register.store import CannotUndo, Store
from tests.register.conftest import DAY, NOON, Clock

NUMBER = "+8613800138000"


def entry(written: str = NUMBER, treatment: Treatment = Treatment.STATION, **more: object) -> Entry:
    return Entry(pattern(written), treatment, entered_by="ada", entered_at=NOON, **more)  # type: ignore[arg-type]


async def everything(store: Store) -> dict[str, tuple[str, str]]:
    return {str(e.pattern): (e.treatment.value, e.reason) async for e in store.all()}


async def test_what_was_entered_is_there_whole(store: Store) -> None:
    entered = entry(reason="rings, sings", evidence=("1.1", "1.2"), expires=NOON + 60.5, score=0.25, scored_at=NOON)
    await store.add([entered, entry("+86170*"), entry("anonymous"), entry("95000-95999")], "ada")
    first, *others = [e async for e in store.all()]
    assert first == Entry(**{n: getattr(entered, n) for n in entered.__slots__} | {"id": first.id})
    assert [str(e.pattern) for e in others] == ["+86170*", "anonymous", "95000-95999"]


async def test_a_later_entry_replaces_the_earlier_and_keeps_its_evidence(store: Store) -> None:
    await store.add([entry(reason="old", evidence=("1.1",))], "ada")
    await store.add([entry(reason="new", evidence=("1.2",))], "bob")
    (one,) = [e async for e in store.all()]
    assert (one.reason, one.evidence) == ("new", ("1.1", "1.2"))


async def test_an_allowance_stands_beside_a_block(store: Store) -> None:
    await store.add([entry(), entry(treatment=Treatment.ALLOW)], "ada")
    assert len([e async for e in store.all()]) == 2


async def test_every_kind_of_change_can_be_undone_and_the_undoing_too(store: Store) -> None:
    added = await store.add([entry(reason="first"), entry("+86170*")], "ada")
    replaced = await store.add([entry(reason="second")], "ada")
    removed, count = await store.remove(pattern("+86170*"), "ada")
    assert count == 1 and await everything(store) == {NUMBER: ("station", "second")}
    back, _ = await store.undo(removed, "bob")
    assert await everything(store) == {NUMBER: ("station", "second"), "+86170*": ("station", "")}
    await store.undo(replaced, "bob")
    assert (await everything(store))[NUMBER] == ("station", "first")
    again, _ = await store.undo(back, "bob")
    assert "+86170*" not in await everything(store)
    await store.undo(again, "bob")
    with pytest.raises(CannotUndo, match="undo that first"):
        await store.undo(added, "bob")


async def test_what_was_changed_since_is_undone_only_in_turn(store: Store) -> None:
    first = await store.add([entry(reason="first")], "ada")
    second = await store.add([entry(reason="second")], "bob")
    with pytest.raises(CannotUndo, match=second):
        await store.undo(first, "ada")
    assert (await everything(store))[NUMBER] == ("station", "second")


async def test_a_removal_is_not_undone_over_a_new_entry_for_the_same_number(store: Store) -> None:
    await store.add([entry(reason="old")], "ada")
    removed, _ = await store.remove(pattern(NUMBER), "ada")
    await store.add([entry(reason="new")], "bob")
    with pytest.raises(CannotUndo, match="entered anew"):
        await store.undo(removed, "ada")
    assert await everything(store) == {NUMBER: ("station", "new")}


async def test_a_change_nobody_made_cannot_be_undone(store: Store) -> None:
    with pytest.raises(CannotUndo, match="no such change"):
        await store.undo(Batch("nothing"), "ada")


async def test_a_large_import_is_one_batch_and_undone_whole(store: Store) -> None:
    entries = [entry(f"+86138{n:08}") for n in range(4_500)]
    batch = await store.add(entries, "ada", what="import")
    assert len(await everything(store)) == 4_500
    _, undone = await store.undo(batch, "ada")
    assert undone == 4_500 and await everything(store) == {}


async def test_every_change_says_who_when_and_what_was_before(store: Store, clock: Clock) -> None:
    await store.add([entry(reason="first")], "ada")
    clock.at += 5
    await store.remove(pattern(NUMBER), "bob")
    removed, added = await store.latest_changes(10)
    assert (added.by, added.at, added.what, added.before) == ("ada", NOON, "add", None)
    assert (removed.by, removed.at, removed.what, removed.after) == ("bob", NOON + 5, "remove", None)
    assert removed.before is not None and removed.before.reason == "first"


async def test_reports_add_up_and_fade(store: Store, clock: Clock) -> None:
    await store.report(NUMBER, "1.1", "agent 1001", 30 * DAY)
    clock.at += 30 * DAY
    await store.report(NUMBER, "1.2", "agent 1002", 30 * DAY)
    (one,) = [e async for e in store.all()]
    assert (one.treatment, one.score, one.scored_at) == (Treatment.STATION, 1.5, clock.at)
    assert one.evidence == ("1.1", "1.2") and one.entered_by == "agent 1001"


async def test_a_report_leaves_a_persons_entry_as_it_is_and_adds_evidence(store: Store) -> None:
    await store.add([entry(reason="known")], "ada")
    await store.report(NUMBER, "1.1", "agent 1001", DAY)
    (one,) = [e async for e in store.all()]
    assert (one.reason, one.score, one.evidence) == ("known", None, ("1.1",))


async def test_an_agent_takes_a_report_back_within_a_minute_and_not_later(store: Store, clock: Clock) -> None:
    await store.report(NUMBER, "1.1", "agent 1001", DAY)
    clock.at += 60
    await store.withdraw("1.1", "agent 1001")
    assert await everything(store) == {}
    assert [m.withdrawn for m in await store.marks(0)] == [False, True]
    with pytest.raises(CannotUndo, match="nothing was reported"):
        await store.withdraw("1.1", "agent 1001")
    await store.report(NUMBER, "1.2", "agent 1001", DAY)
    clock.at += 61
    with pytest.raises(CannotUndo, match="more than 60 s ago"):
        await store.withdraw("1.2", "agent 1001")


async def test_undoing_a_report_by_its_name_takes_its_mark_back_too(store: Store) -> None:
    batch = await store.report(NUMBER, "1.1", "agent 1001", DAY)
    undoing, _ = await store.undo(batch, "ada")
    assert [m.withdrawn for m in await store.marks(0)] == [False, True]
    await store.undo(undoing, "ada")
    assert [m.withdrawn for m in await store.marks(0)] == [False, True, False]


async def test_an_entry_is_marked_for_review_and_a_person_settles_it(store: Store) -> None:
    await store.add([entry()], "ada")
    (one,) = [e async for e in store.all()]
    await store.review(one.id, "2.1", "station")
    (one,) = [e async for e in store.all(under_review=True)]
    assert one.under_review and one.evidence == ("2.1",)
    await store.review(one.id, "", "ada", under_review=False)
    assert [e async for e in store.all(under_review=True)] == []
    assert await store.review(one.id + 1, "2.1", "station") is None


async def test_hostile_words_are_stored_as_plain_text_and_bounded(store: Store) -> None:
    await store.add([entry(reason="a\x00b\x1b[2J\ud800" + "x" * 9999, evidence=("c\x00",))], "e\x00ve\n" * 99)
    (one,) = [e async for e in store.all()]
    assert one.reason.startswith("a b [2J x") and len(one.reason) == 500 and one.evidence == ("c ",)


async def test_marks_are_kept_only_as_long_as_they_are_told(store: Store) -> None:
    await store.mark(NUMBER, Mark.SILENT, "1.1", NOON)
    await store.mark(NUMBER, Mark.SILENT, "1.2", NOON + 10)
    await store.forget_marks(NOON + 10)
    assert [m.call for m in await store.marks(0)] == ["1.2"]
