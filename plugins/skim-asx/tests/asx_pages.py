"""Pages of invented announcements in the exchange's own shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

TODAY = datetime(2026, 11, 24, 0, 2, tzinfo=UTC)
"""A minute past eleven in Sydney, on a session's day."""

_HEAD = """<html><head><title>Today's announcements - ASX</title></head>
<body><h1>Company announcements published on
   24 November 2026</h1>
<table class="menu"><tr><td>Today</td></tr></table>
<announcement_data><table><caption>Today's Announcements</caption>
<tr><th>ASX Code</th><th>Date</th><th>Price sens.</th><th>
    <span>
        Headline
    </span></th></tr>
"""
_ROW = """<tr><td>{code}</td>
   <td>
      {date}<br>
      <span class="dates-time">{time}</span>
   </td>
   {mark}
   <td><a target="_blank" href="/asx/v2/statistics/displayAnnouncement.do?display=pdf&amp;idsId={id}">
       {headline}<br>
       <!-- <span>PDF</span> -->
       <img src="/pdf_icon.png"><span class="page">5

           pages
       </span><span class="filesize"> 1.3MB </span></a></td></tr>
"""
MARKED = (
    '<td class="pricesens"><img src="/icon.svg" class="pricesens" title="price sensitive"></td>'
)
BLANK = "<td>\xa0</td>"


def row(code: str, time: str, headline: str = "Quarterly report", **changes: Any) -> str:
    """Return a row of the page, marked as price-sensitive with ``sensitive=True``."""
    mark = MARKED if changes.pop("sensitive", False) else BLANK
    values = {"date": "24/11/2026", "mark": mark, "id": "0314", **changes}
    return _ROW.format(code=code, time=time, headline=headline, **values)


def page(*rows: str) -> str:
    """Return a page of these rows, in the exchange's own shape."""
    return f"{_HEAD}{''.join(rows)}</table></announcement_data></body></html>"


USUAL = page(
    row("QQB", "10:58 am", "Notice of meeting"),
    row("QQA", "10:31 am", "Gold &amp; silver found", sensitive=True),
    row("QQA", "8:15 am", "Trading halt lifted", sensitive=True),
    row("QQC", "7:30 am", "Takeover offer", sensitive=True),
    row("QQD", "11:30 am", "Published later", sensitive=True),
)
