"""The register's tables. A column is added by appending a migration and by adding it to the table here.

Rule: `register_changes` and `register_marks` only grow; their `seq` is how other workers see what is new.
"""

from __future__ import annotations

import sqlalchemy as sa

from ari_app.records.database import METADATA, Migration

_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _declare(metadata: sa.MetaData) -> tuple[sa.Table, sa.Table, sa.Table]:
    """Version 1. When a table changes, copy this one for METADATA and leave it to the first migration."""
    entries = sa.Table(
        "register_entries", metadata,
        sa.Column("id", _Id, primary_key=True),
        sa.Column("reach", sa.String(16), nullable=False),
        sa.Column("first", sa.String(32), nullable=False),
        sa.Column("last", sa.String(32), nullable=False),
        sa.Column("treatment", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("entered_by", sa.String(80), nullable=False),
        sa.Column("entered_at", sa.Float, nullable=False),
        sa.Column("expires", sa.Float),
        sa.Column("score", sa.Float),
        sa.Column("scored_at", sa.Float, nullable=False),
        sa.Column("under_review", sa.Boolean, nullable=False),
        sa.UniqueConstraint("first", "last", "reach", "treatment", name="register_entries_pattern"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    changes = sa.Table(
        "register_changes", metadata,
        sa.Column("seq", _Id, primary_key=True),
        sa.Column("batch", sa.String(16), nullable=False, index=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("entry", _Id, nullable=False, index=True),
        sa.Column("before", sa.JSON(none_as_null=True)),
        sa.Column("after", sa.JSON(none_as_null=True)),
        sqlite_autoincrement=True,
    )  # fmt: skip
    marks = sa.Table(
        "register_marks", metadata,
        sa.Column("seq", _Id, primary_key=True),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("mark", sa.String(16), nullable=False),
        sa.Column("call", sa.String(80), nullable=False, index=True),
        sa.Column("at", sa.Float, nullable=False, index=True),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("batch", sa.String(16), nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )  # fmt: skip
    return entries, changes, marks


ENTRIES, CHANGES, MARKS = _declare(METADATA)


def _first(connection: sa.Connection) -> None:
    metadata = sa.MetaData()
    _declare(metadata)
    metadata.create_all(connection)


MIGRATIONS: tuple[Migration, ...] = (_first,)
