"""Writing the register: every change with its before and after, so that it can be undone.

Rule 1: whatever changes an entry writes a change beside it, in the same transaction.
Rule 2: nothing here is awaited by a call.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ari_app.errors import HotlineError
from ari_app.procedures.screening import Mark, Reach, Treatment, faded
from ari_app.register.entries import LONGEST_NAME, Batch, Entry, as_row, of_row, plain
from ari_app.register.numbers import Pattern
from ari_app.register.reading import AT_ONCE, Reading, change_of
from ari_app.register.tables import CHANGES, ENTRIES, MARKS


class CannotUndo(HotlineError):
    """A change was not found, or was changed again since."""


def new_batch() -> Batch:
    return Batch(secrets.token_hex(4))


class Store(Reading):
    """The register's tables. Raises StoreUnreachable from every verb when the database is away."""

    # ------------------------------------------------------------------ what people do

    async def add(self, entries: Iterable[Entry], by: str, batch: Batch | None = None, what: str = "add") -> Batch:
        """Enter these; one with the same pattern and treatment is replaced and keeps its evidence."""
        batch = batch or new_batch()
        waiting: list[Entry] = []
        for entry in entries:
            waiting.append(entry)
            if len(waiting) == AT_ONCE:
                await self._add(waiting, by, batch, what)
                waiting = []
        await self._add(waiting, by, batch, what)
        return batch

    async def remove(self, pattern: Pattern, by: str, treatment: Treatment | None = None) -> tuple[Batch, int]:
        """Take out what was entered for exactly this pattern; how many entries that were."""
        batch = new_batch()
        query = sa.select(ENTRIES).where(_same(pattern))
        if treatment is not None:
            query = query.where(ENTRIES.c.treatment == treatment.value)
        async with self._database.transaction() as connection:
            found = [of_row(row._asdict()) for row in await connection.execute(query.with_for_update())]
            await self._write(connection, by, batch, "remove", [(entry, None) for entry in found])
        return batch, len(found)

    async def undo(self, batch: Batch, by: str, within: float | None = None) -> tuple[Batch, int]:
        """Put everything back as it was before a batch; the undoing can be undone too.

        Raises CannotUndo: no such batch, changed again since, or more than `within` seconds ago.
        """
        newer = CHANGES.alias()
        again = sa.select(newer.c.batch).where(newer.c.entry == CHANGES.c.entry, newer.c.seq > CHANGES.c.seq,
                                               newer.c.batch != batch)  # fmt: skip
        async with self._database.reading() as connection:
            first = await connection.execute(sa.select(sa.func.min(CHANGES.c.at)).where(CHANGES.c.batch == batch))
            begun = first.scalar()
            later = await connection.execute(
                again.add_columns(newer.c.seq).where(CHANGES.c.batch == batch).order_by(newer.c.seq.desc()).limit(1)
            )
            blocking = later.first()
        if begun is None:
            raise CannotUndo("there is no such change; `hotline register changes` lists them")
        if within is not None and self._clock() - begun > within:
            raise CannotUndo(f"that was more than {within:g} s ago; a supervisor can still undo it")
        if blocking is not None:
            raise CannotUndo(f"an entry of it was changed again since, by {blocking.batch}; undo that first")
        return await self._undo(batch, by)

    async def _undo(self, batch: Batch, by: str) -> tuple[Batch, int]:
        undoing, before, done = new_batch(), None, 0
        while True:
            query = sa.select(CHANGES).where(CHANGES.c.batch == batch).order_by(CHANGES.c.seq.desc()).limit(AT_ONCE)
            if before is not None:
                query = query.where(CHANGES.c.seq < before)
            try:
                async with self._database.transaction() as connection:
                    changes = [change_of(row) for row in await connection.execute(query)]
                    await self._write(connection, by, undoing, "undo", [(c.after, c.before) for c in changes])
            except sa.exc.IntegrityError:
                raise CannotUndo("one of its numbers was entered anew since; remove that first") from None
            if not changes:
                await self._turn_marks(batch, undoing, by)
                return undoing, done
            before, done = changes[-1].seq, done + len(changes)

    async def _turn_marks(self, batch: Batch, undoing: Batch, by: str) -> None:
        async with self._database.transaction() as connection:
            marks = [row._asdict() for row in await connection.execute(sa.select(MARKS).where(MARKS.c.batch == batch))]
            turned = [
                m | {"withdrawn": not m["withdrawn"], "by": plain(by, LONGEST_NAME), "batch": undoing} for m in marks
            ]
            if turned:
                await connection.execute(MARKS.insert(), [{k: v for k, v in m.items() if k != "seq"} for m in turned])

    # ------------------------------------------------------------------ what calls leave behind

    async def mark(
        self, number: str, mark: Mark, call: str, at: float, by: str = "", batch: str = "", withdrawn: bool = False
    ) -> None:
        """A finished call of this number was of this kind."""
        async with self._database.transaction() as connection:
            await self._mark(connection, number, mark, call, at, by, batch, withdrawn)

    async def _mark(
        self, connection: AsyncConnection, number: str, mark: Mark, call: str, at: float, by: str, batch: str,
        withdrawn: bool = False,
    ) -> None:  # fmt: skip
        values = {
            "number": number[:32],
            "mark": mark.value,
            "call": plain(call, LONGEST_NAME),
            "at": at,
            "by": plain(by, LONGEST_NAME),
            "batch": batch,
        }
        await connection.execute(MARKS.insert().values(**values, withdrawn=withdrawn))

    async def report(self, number: str, call: str, by: str, half_life: float, batch: Batch | None = None) -> Batch:
        """An agent calls a caller a nuisance: to the station with them, until the report has faded (S000-28).

        Reports add up; a person's own entry for the number is left as it is, and gains the evidence.
        """
        at, batch = self._clock(), batch or new_batch()
        pattern = Pattern(Reach.EXACT, number)
        query = sa.select(ENTRIES).where(_same(pattern), ENTRIES.c.treatment == Treatment.STATION.value)
        async with self._database.transaction() as connection:
            row = (await connection.execute(query.with_for_update())).first()
            old = of_row(row._asdict()) if row is not None else None
            new = old or Entry(pattern, Treatment.STATION, "reported as a nuisance", (), by, at, score=0, scored_at=at)
            new = replace(new, evidence=(*new.evidence, call))
            if new.score is not None:
                new = replace(new, score=faded(new.score, new.scored_at, half_life, at) + 1, scored_at=at)
            await self._write(connection, by, batch, "report", [(old, new)])
            await self._mark(connection, number, Mark.NUISANCE, call, at, by, batch)
        return batch

    async def withdraw(self, call: str, by: str, within: float | None = 60) -> Batch:
        """The report of this call was a mistake: the entry is as it was, the mark is gone.

        Raises CannotUndo: nothing was reported, more than `within` seconds ago, or changed again since.
        """
        return await self._withdraw(MARKS.c.call == call, by, within, "nothing was reported of this call")

    async def withdraw_last(self, agent: str, *also: str, within: float = 60) -> Batch:
        """The agent's last report was a mistake, and they say so themselves; `also`: their other names.

        Raises CannotUndo: they reported nothing, more than `within` seconds ago, or it was changed again since.
        """
        names = [plain(name, LONGEST_NAME) for name in (agent, *also)]
        return await self._withdraw(MARKS.c.by.in_(names), agent, within, "nothing was reported")

    async def _withdraw(self, whose: sa.ColumnElement[bool], by: str, within: float | None, nothing: str) -> Batch:
        reported = sa.select(MARKS).where(whose, MARKS.c.batch != "").order_by(MARKS.c.seq.desc())
        async with self._database.reading() as connection:
            row = (await connection.execute(reported.limit(1))).first()
        if row is None or row.withdrawn:
            raise CannotUndo(f"{nothing}, or it is taken back already")
        undoing, _ = await self.undo(row.batch, by, within)
        return undoing

    async def review(self, entry: int, call: str, by: str, under_review: bool = True) -> Batch | None:
        """Somebody in the station asked for a person: the entry is to be looked at. None when it is no more."""
        batch = new_batch()
        async with self._database.transaction() as connection:
            query = sa.select(ENTRIES).where(ENTRIES.c.id == entry).with_for_update()
            row = (await connection.execute(query)).first()
            if row is None:
                return None
            old = of_row(row._asdict())
            calls = (*old.evidence, call) if call else old.evidence
            await self._write(
                connection, by, batch, "review", [(old, replace(old, under_review=under_review, evidence=calls))]
            )
        return batch

    async def forget_marks(self, before: float) -> None:
        """Marks older than this are of no use to any rule, and whose they were is nobody's business any more."""
        async with self._database.transaction() as connection:
            await connection.execute(MARKS.delete().where(MARKS.c.at < before))

    # ------------------------------------------------------------------ writing

    async def _add(self, entries: Sequence[Entry], by: str, batch: Batch, what: str) -> None:
        wanted = {_name(entry): entry for entry in entries}  # the last one of the same name wins
        if not wanted:
            return
        firsts = sorted({entry.pattern.first for entry in wanted.values()})
        async with self._database.transaction() as connection:
            query = sa.select(ENTRIES).where(ENTRIES.c.first.in_(firsts)).with_for_update()
            there = {_name(entry): entry for row in await connection.execute(query) if (entry := of_row(row._asdict()))}
            pairs = []
            for name, entry in wanted.items():
                old = there.get(name)
                kept = (*(old.evidence if old else ()), *entry.evidence)
                pairs.append((old, replace(entry, id=old.id if old else 0, evidence=tuple(dict.fromkeys(kept)))))
            await self._write(connection, by, batch, what, pairs)

    async def _write(
        self,
        connection: AsyncConnection,
        by: str,
        batch: Batch,
        what: str,
        pairs: Sequence[tuple[Entry | None, Entry | None]],
    ) -> None:
        """Each entry from what it was to what it is, and the changes beside them."""
        born = [i for i, (_, new) in enumerate(pairs) if new is not None and not new.id]
        written = list(pairs)
        if born:
            rows = [as_row(new) for i in born if (new := pairs[i][1]) is not None]
            returning = ENTRIES.insert().returning(ENTRIES.c.id, sort_by_parameter_order=True)
            for i, entry in zip(born, (await connection.execute(returning, rows)).scalars(), strict=True):
                old, new = pairs[i]
                assert new is not None
                written[i] = (old, replace(new, id=entry))
        gone = [old.id for old, new in pairs if old is not None and new is None]
        if gone:
            await connection.execute(ENTRIES.delete().where(ENTRIES.c.id.in_(gone)))
        back = [as_row(new) for old, new in pairs if old is None and new is not None and new.id]
        if back:
            await connection.execute(ENTRIES.insert(), back)
        changed = [as_row(new) | {"of": new.id} for old, new in pairs if old is not None and new is not None]
        if changed:
            update = ENTRIES.update().where(ENTRIES.c.id == sa.bindparam("of"))
            columns = [column for column in changed[0] if column not in ("of", "id")]
            update = update.values({column: sa.bindparam(column) for column in columns})
            await connection.execute(update, [{k: v for k, v in row.items() if k != "id"} for row in changed])
        at = self._clock()
        changes = [
            {"batch": batch, "at": at, "by": plain(by, LONGEST_NAME), "what": what, "entry": one.id,
             "before": as_row(old) if old else None, "after": as_row(new) if new else None}
            for old, new in written if (one := new or old) is not None
        ]  # fmt: skip
        if changes:
            await connection.execute(CHANGES.insert(), changes)


def _name(entry: Entry) -> tuple[str, str, str, str]:
    pattern = entry.pattern
    return pattern.reach.value, pattern.first, pattern.last, entry.treatment.value


def _same(pattern: Pattern) -> sa.ColumnElement[bool]:
    return sa.and_(
        ENTRIES.c.first == pattern.first, ENTRIES.c.last == pattern.last, ENTRIES.c.reach == pattern.reach.value
    )
