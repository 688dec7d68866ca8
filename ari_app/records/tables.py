"""The tables of call records. A column is added by appending a migration and by adding it to the table here."""

from __future__ import annotations

from ari_app.records.database import Migration

MIGRATIONS: tuple[Migration, ...] = ()
