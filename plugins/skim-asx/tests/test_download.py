"""CoolTrader's files: fetched, verified, kept, merged, and whatever the server does survived."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from skim_asx.config import CoolTraderConfig
from skim_asx.cooltrader import CoolTrader, Login, LoginError
from skim_asx.downloading import download
from skim_asx.eod import SCHEMA, SpoiltFileError, read_day, read_rows
from skim_asx.page import SYDNEY
from skim_asx.store import Store

from skim_core.cli import WallClock, load_exchange
from skim_core.errors import ConfigError
from skim_core.sim import RecordedFeed
from skim_core.testing import session_of

MONDAY = date(2026, 11, 23)
DAYS = [MONDAY + timedelta(days=number) for number in range(3)]
PASSWORD = "pa55-word&nobody=sees"
COOKIE = "c00kie-nobody-sees"
LOGIN_PAGE = """<html><body><form method="post" action="/amember/login">
<input type="hidden" name="_form_" value="tok-7"><input type="hidden" name="other" value="x">
<input name="amember_login"><input type="password" name="amember_pass"></form></body></html>"""


def day_file(day: date, count: int = 20, price: float = 2.0) -> str:
    rows = [
        f"QQ{number:02},{day:%d/%m/%Y},{price},{price + 0.1},{price - 0.1},{price},{1000 + number}"
        for number in range(count)
    ]
    return "\r\n".join(rows) + "\r\n"


@dataclass
class Members:
    """A site as CoolTrader's: aMember's login, then files for who has its cookie.

    `trouble` maps a day to what is answered for it, each once. `lasts`: after how many files a
    session expires.
    """

    files: dict[str, str] = field(
        default_factory=lambda: {f"{day:%Y%m%d}": day_file(day) for day in DAYS}
    )
    trouble: dict[str, list[object]] = field(default_factory=dict)
    user: str = "trader"
    lasts: int = 1000
    redirects: bool = False
    left: int = 0
    logins: int = 0
    fields: dict[str, list[str]] = field(default_factory=dict)

    def __call__(self, request, body: bytes):
        if request.command == "POST":
            return self._log_in(body)
        if request.path == "/amember/login":
            return LOGIN_PAGE
        inside = COOKIE in (request.headers.get("Cookie") or "") and self.left > 0
        if not inside:
            return (302, {"Location": "/amember/login"}, "") if self.redirects else LOGIN_PAGE
        if request.path == "/amember/member":
            return "<html>Welcome, <a href='/logout'>logout</a></html>"
        stem = request.path.rpartition("/")[2].removesuffix(".csv")
        if self.trouble.get(stem):
            found = self.trouble[stem].pop(0)
            return (lambda: found(request)) if callable(found) else found
        self.left -= 1
        return self.files.get(stem, 404)

    def _log_in(self, body: bytes):
        self.fields = parse_qs(body.decode())
        self.logins += 1
        if self.fields["amember_pass"] != [PASSWORD] or self.fields["amember_login"] != [self.user]:
            return LOGIN_PAGE.replace("<form", "<p>The username or password is invalid</p><form")
        self.left = self.lasts
        return 200, {"Set-Cookie": f"session={COOKIE}; Path=/"}, "<html>Welcome</html>"


@pytest.fixture
def members(server):
    site = Members()
    server.answer = site
    return site


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "data")


@pytest.fixture
def fetch(server, store, members, logged):
    """Download some days: ``fetch(DAYS)``."""

    def fetched(days=DAYS, *, password=PASSWORD, timeout="5s", **options):
        config = CoolTraderConfig.model_validate({"url": server.url, "timeout": timeout})
        login = Login(SecretStr("trader"), SecretStr(password))

        async def work():
            async with CoolTrader(config, login) as source:
                return await download(days, source, store, **options)

        return asyncio.run(work())

    yield fetched
    assert PASSWORD not in logged.getvalue()
    assert COOKIE not in logged.getvalue()


def test_files_are_kept_as_they_came_and_merged(fetch, store, members):
    report = fetch()
    assert (report.downloaded, report.complete, report.rows) == (DAYS, True, 60)
    assert store.raw(MONDAY).read_text() == day_file(MONDAY).replace("\r\n", "\n")
    assert store.raw(MONDAY).read_bytes() == day_file(MONDAY).encode()
    assert store.raw(MONDAY).name == "20261123.csv"
    frame = store.frame()
    assert dict(frame.schema) == SCHEMA
    assert frame.equals(frame.sort("symbol", "date"))
    assert frame.row(0) == ("QQ00", MONDAY, 2.0, 2.1, 1.9, 2.0, 1000.0)
    assert members.logins == 1


def test_the_login_takes_the_forms_own_fields_along(fetch, members):
    fetch([MONDAY])
    assert members.fields["_form_"] == ["tok-7"]
    assert members.fields["other"] == ["x"]


def test_what_is_there_is_not_fetched_again_and_nothing_changes(fetch, store, server):
    fetch()
    before, asked = store.parquet.stat().st_mtime_ns, len(server.requests)
    report = fetch()
    assert (report.already, report.downloaded, report.rows) == (DAYS, [], 0)
    assert len(server.requests) == asked
    assert store.parquet.stat().st_mtime_ns == before


def test_again_fetches_and_the_later_counts(fetch, store, members):
    fetch([MONDAY])
    members.files["20261123"] = day_file(MONDAY, price=3.0)
    report = fetch([MONDAY], again=True)
    assert (report.downloaded, report.rows) == ([MONDAY], 0)
    assert store.frame()["close"].unique().to_list() == [3.0]


def test_a_run_that_was_broken_off_goes_on(fetch, store, server, members):
    def interrupt(_day):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(told=interrupt)
    assert store.dates() == {MONDAY}
    store.parquet.unlink()  # as if it had died before it merged
    asked = len(server.requests)
    report = fetch()
    assert (report.already, report.downloaded) == ([MONDAY], DAYS[1:])
    assert store.dates() == set(DAYS)
    assert not [each for each in server.requests[asked:] if "20261123" in each]


@pytest.mark.parametrize("redirects", [False, True])
def test_a_session_that_expires_is_renewed(fetch, members, redirects):
    members.lasts, members.redirects = 2, redirects
    assert fetch().downloaded == DAYS
    assert members.logins == 2


def test_a_session_that_never_holds_is_told(fetch, members):
    members.lasts = 0
    with pytest.raises(LoginError, match="asks for the login again and again"):
        fetch()


def test_a_wrong_password_is_told_without_it(fetch, members):
    with pytest.raises(LoginError, match="does not take this user and password"):
        fetch(password=PASSWORD + "x")
    assert members.logins == 1


def test_a_login_page_that_changed_is_told(fetch, server):
    server.answer = lambda _request, _body: "<html>A new site</html>"
    report = fetch([MONDAY])
    assert "no form with 'amember_login': the login page has changed" in report.failed[MONDAY]


def _half(request):
    body = day_file(MONDAY).encode()
    request.reply(200, {"Content-Length": str(len(body))}, body[: len(body) // 2])


def _broken_off(request):
    request.connection.close()


@pytest.mark.parametrize("trouble", [500, 502, 429, _half, _broken_off, "hang", "drip"])
def test_trouble_that_passes_costs_nothing(fetch, members, trouble, store):
    members.trouble["20261123"] = [trouble, trouble]
    timeout = "400ms" if isinstance(trouble, str) else "5s"
    report = fetch([MONDAY], timeout=timeout)
    assert report.downloaded == [MONDAY]
    assert store.raw(MONDAY).read_bytes() == day_file(MONDAY).encode()


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (500, "CoolTrader answered 500"),
        (_half, "can't be reached, or broke off (RemoteProtocolError"),
        ("hang", "did not answer within 0.3 s"),
    ],
)
def test_trouble_that_stays_fails_its_day_alone(fetch, members, store, trouble, told):
    members.trouble["20261124"] = [trouble] * 9
    report = fetch(timeout="300ms" if trouble == "hang" else "5s")
    assert report.downloaded == [DAYS[0], DAYS[2]]
    assert told in report.failed[DAYS[1]]
    assert store.dates() == {DAYS[0], DAYS[2]}


@pytest.mark.parametrize(
    "answer", [404, "File not found", "Error: no such file", "<html><h1>Not there</h1></html>"]
)
def test_a_file_that_is_not_there_is_absent_whatever_the_status(fetch, members, store, answer):
    members.trouble["20261124"] = [answer]
    report = fetch()
    assert (report.absent, report.failed) == ([DAYS[1]], {})
    assert not store.raw(DAYS[1]).exists()


def test_no_subscription_is_told(fetch, members):
    members.trouble["20261123"] = [403]
    with pytest.raises(LoginError, match="answered 403: is the subscription paid for"):
        fetch()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (day_file(DAYS[0]), "has rows of 2026-11-23: it is not that day's"),
        (day_file(DAYS[1], 9), "has 9 rows, and a day has 20 of late: it is not whole"),
        ("QQ00,24/11/2026,1,1\r\n" * 200, "4 columns, expected 7"),
        ("QQ00,24/11/2026,1,2,1,1,5\r\nQQ01,24/11/2026,1\r\n", "rows are no prices"),
        ("QQ00,24/11/2026,1,2,1,1,5,9\r\nQQ01,24/11/2026,1\r\n", "8 columns, expected 7"),
        ("", "it is empty"),
        (day_file(DAYS[1]).replace("2.1", "0"), "20 of 20 rows are no prices, the first is row 1"),
    ],
)
def test_a_file_that_is_not_the_days_whole_file_is_refused(fetch, members, store, content, told):
    fetch([MONDAY])
    members.files["20261124"] = content
    report = fetch([DAYS[1]])
    assert told in report.failed[DAYS[1]]
    assert not store.raw(DAYS[1]).exists()
    assert store.dates() == {MONDAY}


def test_a_few_unsound_rows_are_left_out_and_counted(fetch, members, store):
    odd = "QQX,23/11/2026,2,1,3,2,5\r\nQQY,23/11/2026,0,0,0,0,0\r\n"
    members.files["20261123"] = day_file(MONDAY, 200) + odd
    report = fetch([MONDAY])
    assert (report.left_out, report.rows) == ({MONDAY: 2}, 200)
    assert store.raw(MONDAY).read_text().endswith("QQY,23/11/2026,0,0,0,0,0\n")


def test_the_simulated_exchange_reads_previous_closes_from_the_store(fetch, store, tmp_path):
    fetch()
    minutes = store.folder / "bars_1m" / "XASX"
    minutes.mkdir(parents=True)
    (minutes / "2026-11-26.csv").write_text(
        "symbol,ts,open,high,low,close,volume\nQQ00,2026-11-25T23:00:00Z,2.5,2.5,2.5,2.5,100\n"
    )
    session = session_of("XASX", "2026-11-26", tmp_path)
    loaded = RecordedFeed(store.folder).load(session, load_exchange("XASX", on=session.date))
    assert list(loaded.previous_close) == [2.0]


def test_a_damaged_store_is_told_with_its_mend(fetch, store):
    store.parquet.parent.mkdir(parents=True)
    store.parquet.write_bytes(b"PAR1 half of a file")
    with pytest.raises(Exception, match="move it away"):
        fetch()


SOUND = st.tuples(
    st.sampled_from(["QQA", "QQB", "QQC.X"]),
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    st.lists(st.integers(1, 10**6), min_size=4, max_size=4),
    st.integers(0, 10**9),
)


@given(st.lists(SOUND, min_size=1, max_size=30))
def test_sound_rows_are_read_back_exactly_and_the_later_counts(rows):
    expected, lines = {}, []
    for symbol, day, prices, volume in rows:
        low, *middle, high = sorted(prices)
        values = [number / 1000 for number in (middle[0], high, low, middle[1])]
        expected[symbol, day] = (*values, float(volume))
        lines.append(f"{symbol},{day:%d/%m/%Y},{','.join(map(str, values))},{volume}\n")
    found = read_rows("".join(lines).encode(), "it").frame
    assert {row[:2]: row[2:] for row in found.iter_rows()} == expected
    assert found.equals(found.sort("symbol", "date"))


@given(st.binary(max_size=300) | st.text(alphabet='QA0,/.1-\r\n"x', max_size=300).map(str.encode))
def test_whatever_is_sent_is_read_or_refused(content):
    for read in (lambda: read_rows(content, "it"), lambda: read_day(content, MONDAY)):
        try:
            read()
        except SpoiltFileError:
            continue


@given(st.lists(st.lists(SOUND, max_size=8), min_size=1, max_size=4))
def test_merging_in_any_portions_gives_the_same_store(tmp_path_factory, portions):
    def frame(rows):
        made = [
            {
                "symbol": symbol,
                "date": day,
                "open": 1.0,
                "high": 1.0,
                "low": 1.0,
                "close": float(prices[0]),
                "volume": float(volume),
            }
            for symbol, day, prices, volume in rows
        ]
        return pl.DataFrame(made, schema=SCHEMA)

    once, parts = (Store(tmp_path_factory.mktemp("store")) for _ in range(2))
    once.merge([frame(rows) for rows in portions])
    for rows in [*portions, portions[-1]]:
        parts.merge([frame(rows)])
    assert once.frame().equals(parts.frame())


# The command


@pytest.fixture
def configured(home, server, members, monkeypatch):
    monkeypatch.setenv("COOLTRADER_USERNAME", "trader")
    monkeypatch.setenv("COOLTRADER_PASSWORD", PASSWORD)
    (home / "skim.toml").write_text(
        f'[extension.asx]\ndata = "{home}/prices"\n'
        f'[extension.asx.cooltrader]\nurl = "{server.url}"\n'
    )
    return home


def test_the_command_downloads_the_sessions_of_a_span(skim, configured, members):
    span = ("--from", "20261120", "--to", "2026-11-24")
    told = skim("download_data", *span, "--json")
    # The 21st and 22nd are a weekend; of the 20th there is no file.
    assert told.json["downloaded"] == ["2026-11-23", "2026-11-24"]
    assert (told.json["absent"], told.code) == (["2026-11-20"], 1)
    assert (configured / "prices" / "bars_1d" / "XASX.parquet").is_file()
    text = skim("download-data", "2026-11-23")
    assert (text.code, "0 downloaded, 1 there already" in text.out) == (0, True)
    assert PASSWORD not in text.out + text.err


def test_a_day_without_a_session_is_told_and_is_no_failure(skim, configured):
    told = skim("download_data", "2026-11-22")
    assert (told.code, "had no session on 2026-11-22" in told.out) == (0, True)


@pytest.mark.parametrize("word", ["today", "yesterday"])
def test_days_have_words(skim, configured, members, word):
    members.files.clear()
    told = skim("download_data", word, "--json")
    # Whatever today is, a session's file is not there yet, and a day off has none.
    assert told.code == len(told.json["absent"])
    assert len(told.json["absent"]) <= 1


@pytest.mark.parametrize(("hour", "code", "left"), [(18, 0, True), (19, 1, False), (20, 1, False)])
def test_before_its_time_in_sydney_it_leaves_at_once(
    skim, configured, members, monkeypatch, hour, code, left
):
    now = datetime(2026, 7, 1, hour, 30, tzinfo=SYDNEY)
    monkeypatch.setattr(WallClock, "now", lambda _clock: now.astimezone(UTC))
    members.files.clear()
    told = skim("download_data", "today", "--after", "19:30")
    assert (told.code, "before 19:30" in told.out) == (code, left)
    assert ("2026-07-01: CoolTrader has no file (yet)." in told.err) == (not left)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["today", "--after", "half past"], "--after 'half past' is no time of day: write it as"),
        (["tomorrow"], "'tomorrow' is no day"),
        (["2199-01-02"], "2199-01-02 is yet to come"),
        (["today", "--from", "2026-11-20"], "give one day, or --from and --to"),
        (["--to", "2026-11-20"], "--to needs --from"),
        (["--from", "2026-11-20", "--to", "2026-11-19"], "put the earlier day first"),
    ],
)
def test_what_is_no_span_is_refused(skim, configured, arguments, told):
    refused = skim("download_data", *arguments)
    assert (refused.code, told in refused.err) == (2, True)


def test_without_a_login_it_says_where_it_looked(skim, configured, monkeypatch):
    monkeypatch.delenv("COOLTRADER_PASSWORD")
    refused = skim("download_data", "2026-11-23")
    assert (refused.code, "the variable COOLTRADER_PASSWORD is not set" in refused.err) == (2, True)


def test_the_login_may_be_in_a_file(skim, configured, monkeypatch, server):
    monkeypatch.delenv("COOLTRADER_PASSWORD")
    (configured / "login").write_text(f"trader\n{PASSWORD}\n")
    (configured / "login").chmod(0o644)
    (configured / "skim.toml").write_text(
        f'[extension.asx.cooltrader]\nurl = "{server.url}"\nlogin_file = "{configured}/login"\n'
    )
    told = skim("download_data", "2026-11-23")
    assert told.code == 0
    assert "can be read by other users (mode 0644) and holds CoolTrader's login" in told.err
    (configured / "login").write_text(PASSWORD)
    refused = skim("download_data", "2026-11-23")
    assert (refused.code, "the user on line 1" in refused.err) == (2, True)
    assert PASSWORD not in refused.err


def test_a_password_in_skim_toml_is_no_setting_and_not_shown(skim, configured):
    (configured / "skim.toml").write_text(f'[extension.asx.cooltrader]\npassword = "{PASSWORD}"\n')
    for command in (("config", "check"), ("config", "show"), ("download_data", "2026-11-23")):
        told = skim(*command)
        assert PASSWORD not in told.out + told.err


@pytest.mark.parametrize(
    "url", ["http://data.example", "ftp://data.example", "https://data.example/path"]
)
def test_a_password_is_sent_to_no_other_kind_of_server(url):
    with pytest.raises(ValueError, match="url"):
        CoolTraderConfig.model_validate({"url": url})


def test_old_files_folders_and_archives_are_imported(skim, configured, tmp_path):
    import zipfile

    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "QQA.csv").write_text("QQA,02/01/2025,1,1,1,1,5\nQQA,03/01/2025,2,2,2,2,5\n")
    archive = tmp_path / "old.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("20250103.csv", "QQA,03/01/2025,3,3,3,3,5\nQQB,03/01/2025,1,1,1,1,5\n")
    told = skim("import_data", str(folder), str(archive), "--json")
    assert (told.code, told.json) == (0, {"files": 2, "rows": 3, "left_out": 0})
    frame = Store(configured / "prices").frame()
    assert frame.filter(symbol="QQA")["close"].to_list() == [1.0, 3.0]
    refused = skim("import_data", str(tmp_path / "nowhere"))
    assert (refused.code, "can't be read" in refused.err) == (2, True)


def test_the_login_is_read_from_the_environment_or_told(home):
    from skim_asx.cooltrader import read_login

    with pytest.raises(ConfigError, match="COOLTRADER_USERNAME is not set"):
        read_login(CoolTraderConfig.model_validate({}), {})
