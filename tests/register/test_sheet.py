"""The register as a spreadsheet: out and in again the same, and never a formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.procedures.screening import Treatment
from ari_app.register import sheet
from ari_app.register.entries import Entry, plain
from ari_app.register.numbers import pattern

FORMULAS = st.sampled_from(
    ["=1+1", "@SUM(A1)", "+1", "-1", "'=1", "\t=1", " =cmd|'/c calc'!A1", "＝1+1", "'", "''", "' '"]
)
WORDS = (st.text(max_size=40) | FORMULAS).map(lambda text: plain(text, 500))
MOMENTS = st.integers(0, 4_000_000_000).map(float)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    written = ["13800138000", "+86170*", "95000-95999", "+8613800138000-+8613800138999", "anonymous", "10086"]
    score = draw(st.none() | st.floats(0, 100))
    return Entry(
        pattern(draw(st.sampled_from(written))),
        draw(st.sampled_from(list(Treatment))),
        draw(WORDS),
        tuple(draw(st.lists(st.text("0123456789.=+-@'abc", min_size=1), max_size=3))),
        draw(WORDS.map(str.strip).filter(bool)),
        draw(MOMENTS),
        draw(st.none() | MOMENTS),
        score,
        draw(MOMENTS) if score is not None else 0,
        draw(st.booleans()),
    )


@given(st.lists(entries(), max_size=5))
def test_what_is_written_is_read_again_the_same(written: list[Entry]) -> None:
    out = io.StringIO(newline="")
    assert sheet.write(written, out) == len(written)
    assert list(sheet.read(io.StringIO(out.getvalue(), newline=""), by="somebody", at=1.0)) == written


@given(st.lists(entries(), max_size=5))
def test_no_cell_is_a_formula(written: list[Entry]) -> None:
    out = io.StringIO(newline="")
    sheet.write(written, out)
    for cells in csv.reader(io.StringIO(out.getvalue(), newline="")):
        assert [cell for cell in cells if cell.strip()[:1] in tuple("=+-@＝＋－＠")] == []


@given(st.text(max_size=300))
def test_any_text_is_a_sheet_or_refused_with_its_line(text: str) -> None:
    try:
        list(sheet.read(io.StringIO(f"pattern,treatment\n{text}", newline=""), by="ada", at=1.0))
    except sheet.BrokenSheet as problem:
        assert str(problem).startswith("line ")


def test_two_columns_are_enough_and_plain_numbers_too() -> None:
    (one,) = sheet.read(io.StringIO("Treatment,Pattern\nstation,13800138000\n\n"), by="ada", at=5.0)
    assert (str(one.pattern), one.treatment, one.entered_by, one.entered_at) == (
        "+8613800138000", Treatment.STATION, "ada", 5.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: there is no column 'pattern'"),
        ("pattern\n1\n", "line 1: there is no column 'treatment'"),
        ("pattern,treatment\n13800138000,station\nalice,station\n", "line 3: not a telephone number"),
        ("pattern,treatment\n13800138000,shoot\n", "line 2: a treatment is allow, challenge, station or reject"),
        ("pattern,treatment,expires\n13800138000,station,soon\n", "line 2: .*a time is 2026-12-31"),
        ('pattern,treatment\n"13800138000,station\n', "line 2: cannot be read"),
    ],
)
def test_a_broken_sheet_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(sheet.BrokenSheet, match=told):
        list(sheet.read(io.StringIO(text), by="ada", at=1.0))
