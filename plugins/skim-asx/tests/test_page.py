"""The page is read as it is, and whatever changes on it is told by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from skim_asx.page import PageChangedError, read_page

from .asx_pages import BLANK, MARKED, USUAL, page, row

ADDRESS = "https://www.asx.com.au/asx/v2/statistics/todayAnns.do"


def read(html: str):
    return read_page(html, ADDRESS)


def test_an_announcement_has_code_time_mark_headline_and_link():
    first, second, *_ = read(USUAL).announcements
    assert (first.symbol, first.sensitive) == ("QQB", False)
    assert (second.symbol, second.sensitive) == ("QQA", True)
    assert second.headline == "Gold & silver found"
    assert second.published.isoformat() == "2026-11-23T23:31:00+00:00"
    assert f"{second.local_time:%H:%M}" == "10:31"
    assert second.url == (
        "https://www.asx.com.au/asx/v2/statistics/displayAnnouncement.do?display=pdf&idsId=0314"
    )


def test_the_exchanges_time_is_sydneys_in_winter_too():
    [found] = read(page(row("QQA", "10:31 am", date="24/06/2026"))).announcements
    assert found.published.isoformat() == "2026-06-24T00:31:00+00:00"


def test_more_columns_in_another_order_do_no_harm():
    html = (
        "<table><tr><th>Headline</th><th>Sector</th><th>Price sensitive?</th><th>ASX code</th>"
        "<th>Date and time</th></tr><tr><td><b></b><a href='/x'> A  mine </a></td><td>Gold</td>"
        f"{MARKED}<td> qqa </td><td>24/11/2026 14:05</td></tr></table>"
    )
    [found] = read(html).announcements
    assert (found.symbol, found.sensitive, found.headline) == ("QQA", True, "A mine")
    assert f"{found.local_time:%H:%M}" == "14:05"


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ("", "has no table of announcements"),
        ("<title>Just a moment</title><p>Are you a robot?", "its title is 'Just a moment'"),
        (USUAL.replace("<table>", "<div>"), "has no table of announcements"),
        (USUAL.replace("ASX Code", "Issuer"), "has no table of announcements"),
        (USUAL.replace("Price sens.", "Flag"), "has no column 'price sens'"),
        (USUAL.replace("<th>Date</th>", ""), "has no column 'date'"),
        (page(), "has no rows below its head"),
        (USUAL.replace(" am", " Uhr"), "expected one such as '22/09/2026"),
        (USUAL.replace("<td>QQ", "<td>ASX:QQ"), "expected three to six capital letters"),
        (USUAL.replace("<a ", "<b "), "expected both"),
        (USUAL.replace(BLANK, ""), "it has 3 cells, expected 4"),
        (
            USUAL.replace("pricesens", "sens"),
            "holds something that is no 'pricesens': '<td class=\"sens\">",
        ),
        (USUAL.replace(MARKED, "<td>$</td>"), "holds something that is no 'pricesens'"),
    ],
)
def test_a_page_that_changed_is_an_error_that_names_what(html, told):
    with pytest.raises(PageChangedError) as changed:
        read(html)
    assert told in str(changed.value)


def test_a_day_without_any_mark_is_an_error_once_it_is_sure():
    rows = [row(f"QQ{number:02}", "10:00 am") for number in range(99)]
    assert len(read(page(*rows)).announcements) == 99
    with pytest.raises(PageChangedError, match="none of 100 announcements is marked"):
        read(page(*rows, row("QQA", "9:00 am")))
    assert read(page(*rows, row("QQA", "9:00 am", sensitive=True)))


def test_one_odd_row_of_many_is_named_and_the_others_are_read():
    rows = [row(f"QQ{number:02}", "10:00 am") for number in range(30)]
    found = read(page(row("?", "10:00 am"), *rows))
    assert len(found.announcements) == 30
    assert found.faults == (
        "row 1: its code is '?', expected three to six capital letters and digits",
    )


@given(st.text(alphabet="<>tabledrhspn/ =\"'QA0:m!-&;", max_size=200))
def test_whatever_comes_it_is_read_or_told(noise):
    for html in (noise, USUAL + noise, USUAL.replace("<tr>", f"<tr>{noise}", 1)):
        try:
            read(html)
        except PageChangedError:
            continue


def test_the_exchanges_own_page_is_read(real_data):
    html = (real_data / "announcements" / "todayAnns_2026-09-22.html").read_text(encoding="utf-8")
    found = read(html)
    assert (len(found.announcements), found.faults) == (40, ())
    assert [each.symbol for each in found.announcements if each.sensitive] == ["ESK"]
    first = found.announcements[0]
    assert (first.symbol, first.headline, f"{first.local_time:%Y-%m-%d %H:%M}") == (
        "HLS",
        "Change in substantial holding",
        "2026-09-22 14:33",
    )
    assert any(" & " in each.headline for each in found.announcements)
