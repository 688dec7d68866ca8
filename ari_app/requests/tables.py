"""The tables of requests. Moments are UTC.

Rule: a column is added by appending a migration and by adding it to the tables here; the history is only added to
(S000-C14).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ari_app.records.database import METADATA, Migration

LIVE_CALLBACK = "kind = 'callback' AND number <> '' AND state IN ('open', 'claimed')"
"""There is one of these for a number: who asks twice is rung once."""


class Moment(sa.types.TypeDecorator[datetime]):
    """A moment with its zone; SQLite keeps none, so it is given UTC and gives UTC back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def version_1(metadata: sa.MetaData) -> tuple[sa.Table, sa.Table, sa.Table]:
    """Requests, their stages, their history, as they were first made. To change a table: copy, do not edit."""
    request = sa.Table(
        "request",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("procedure", sa.String(80), nullable=False),
        sa.Column("standard", sa.String(80), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column("call_id", sa.String(200), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),  # vetted: what may be rung; "" for none
        sa.Column("given", sa.String(80), nullable=False),  # what the caller pressed or rang from
        sa.Column("refused", sa.String(120), nullable=False),  # why the given number is not rung
        sa.Column("rung", sa.Boolean, nullable=False),  # whether it is for us to ring the caller now
        sa.Column("to", sa.String(80), nullable=False),
        sa.Column("agent", sa.String(80), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("recording", sa.String(200), nullable=False),
        sa.Column("taken", sa.Text, nullable=False),  # JSON
        sa.Column("clocks", sa.Text, nullable=False),  # JSON: the clocks that were promised
        sa.Column("filed_at", Moment, nullable=False),
        sa.Column("clock", sa.String(80), nullable=False),  # the one that runs
        sa.Column("due_at", Moment),
        sa.Column("agreed_at", Moment),
        sa.Column("not_before", Moment),
        sa.Column("asked", sa.Integer, nullable=False),  # how often the caller asked for it
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("claimed_by", sa.String(80), nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("alarmed", sa.String(120), nullable=False),  # for what somebody was told already
    )
    sa.Index("request_by_state", request.c.state, request.c.due_at)
    live = sa.text(LIVE_CALLBACK)
    sa.Index("one_live_callback", request.c.number, unique=True, sqlite_where=live, postgresql_where=live)
    stage = sa.Table(
        "request_stage",
        metadata,
        sa.Column("request", sa.Integer, sa.ForeignKey(request.c.id), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("clock", sa.String(80), nullable=False),
        sa.Column("rule", sa.String(120), nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("due_at", Moment),
        sa.Column("stopped_at", Moment),
    )
    history = sa.Table(
        "request_history",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("request", sa.Integer, sa.ForeignKey(request.c.id), nullable=False, index=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),  # after it
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("filing", sa.String(40), unique=True),  # the filing that was written: never twice
    )
    return request, stage, history


def _make(connection: sa.Connection) -> None:
    metadata = sa.MetaData()
    version_1(metadata)
    metadata.create_all(connection)


REQUEST, STAGE, HISTORY = version_1(METADATA)
MIGRATIONS: tuple[Migration, ...] = (_make,)
