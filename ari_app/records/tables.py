"""The tables of call records: the parts as they were folded, and one line per call to look for it by.

Rule: a column is added by appending a migration, and by adding it to the table here.
"""

from __future__ import annotations

import sqlalchemy as sa

from ari_app.records.database import METADATA, Migration, sql

PARTS = sa.Table(
    "call_parts",
    METADATA,
    sa.Column("call_id", sa.String(128), primary_key=True),
    sa.Column("part_id", sa.String(192), primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)
"""Stints and services, as JSON. The key makes each of them be there once, however often it is written."""

CALLS = sa.Table(
    "calls",
    METADATA,
    sa.Column("id", sa.String(128), primary_key=True),
    sa.Column("began", sa.Double, nullable=False),
    sa.Column("number", sa.String(128), nullable=False),
    sa.Column("dialled", sa.String(128), nullable=False),
    sa.Column("outcome", sa.String(32), nullable=False),
)
"""One line per call, derived from its parts."""


MIGRATIONS: tuple[Migration, ...] = (
    sql(
        """CREATE TABLE call_parts (
            call_id VARCHAR(128) NOT NULL,
            part_id VARCHAR(192) NOT NULL,
            content TEXT NOT NULL,
            PRIMARY KEY (call_id, part_id)
        )""",
        """CREATE TABLE calls (
            id VARCHAR(128) NOT NULL PRIMARY KEY,
            began DOUBLE PRECISION NOT NULL,
            number VARCHAR(128) NOT NULL,
            dialled VARCHAR(128) NOT NULL,
            outcome VARCHAR(32) NOT NULL
        )""",
        "CREATE INDEX calls_by_time ON calls (began)",
        "CREATE INDEX calls_by_number ON calls (number, began)",
    ),
)
