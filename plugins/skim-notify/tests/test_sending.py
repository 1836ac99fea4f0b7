"""Sending: batched, retried, within rate limits, and never waited for."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from skim_notify import sending
from skim_notify.addresses import hush
from skim_notify.channels import make_channel
from skim_notify.notices import Kind, Notice, Tone
from skim_notify.sending import Patience, Route, Sender

from skim_core.errors import ConfigError

TOKEN = "aT0ken-that_nobody-may-see"
QUICK = Patience(batch=0.02, give_up_after=3.0, capacity=50)


def notice(number=0, kind=Kind.TRADES) -> Notice:
    at = datetime(2026, 11, 23, 23, 15, tzinfo=UTC)
    return Notice(kind, Tone.GOOD, f"N{number}", "text", at, "where")


@pytest.fixture
def sender(discord, monkeypatch, logged):
    """Make a sender to the server: ``sender(capacity=10)``."""
    hush()
    monkeypatch.setattr(sending, "FLUSH", 2.0)
    monkeypatch.setattr(sending, "_FIRST_WAIT", 0.05)
    monkeypatch.setattr(sending, "_SPREAD", 0.0)
    made = []

    def make(kinds=tuple(Kind), timeout=0.5, **patience) -> Sender:
        channel = make_channel("discord", SecretStr(discord.url), timeout)
        made.append(Sender([Route("discord", channel, kinds)], replace(QUICK, **patience)))
        return made[-1]

    yield make
    discord.released.set()
    for each in made:
        each.close()
    # Whatever happened, nobody was told the address.
    assert TOKEN not in logged.getvalue()


def test_what_happens_together_is_one_message(discord, sender):
    telling = sender(batch=0.2)
    for number in range(7):
        telling.offer(notice(number))
    discord.wait_for(1)
    assert discord.titles == [f"N{number}" for number in range(7)]
    assert len(discord.messages) == 1


def test_more_than_ten_are_several_messages_in_order(discord, sender):
    telling = sender()
    for number in range(23):
        telling.offer(notice(number))
    telling.close()
    assert discord.titles == [f"N{number}" for number in range(23)]
    assert all(len(message["embeds"]) <= 10 for message in discord.messages)


def test_a_channel_is_told_its_kinds_alone(discord, sender):
    telling = sender(kinds=[Kind.STOPS])
    telling.offer(notice(1))
    telling.offer(notice(2, Kind.STOPS))
    telling.close()
    assert discord.titles == ["N2"]


@pytest.mark.parametrize(
    "answer",
    [
        (429, {}, b'{"message": "You are being rate limited.", "retry_after": 0.4}'),
        (429, {"Retry-After": "0.4"}, b"a page of some proxy"),
    ],
)
def test_too_many_waits_as_long_as_it_was_told_and_loses_nothing(discord, sender, answer):
    discord.answers = [answer]
    telling = sender()
    telling.offer(notice(1))
    discord.wait_for(2)
    assert discord.times[1] - discord.times[0] >= 0.39
    assert discord.titles == ["N1"]


def test_no_message_is_sent_before_more_are_taken(discord, sender):
    discord.answers = [(204, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "0.4"}, b"")]
    telling = sender()
    telling.offer(notice(1))
    discord.wait_for(1)
    telling.offer(notice(2))
    discord.wait_for(2)
    assert discord.times[1] - discord.times[0] >= 0.39


@pytest.mark.parametrize("answer", [500, 503, "hang", "drip"])
def test_what_may_pass_is_tried_again(discord, sender, answer):
    discord.answers = [answer, answer]
    sender(timeout=0.2).offer(notice(1))
    discord.wait_for(3)
    assert discord.titles == ["N1"]


def test_what_does_not_pass_is_given_up_and_the_next_message_says_so(discord, sender, caplog):
    telling = sender(give_up_after=0.1)
    discord.answers = [500] * 50
    telling.offer(notice(1))
    deadline = time.monotonic() + 5
    while "was not told: Discord answered 500" not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.01)  # noqa: TID251  another thread is waited for
    with discord.changed:
        discord.answers = []
    telling.offer(notice(2))
    telling.close()
    [embed] = discord.embeds
    assert embed["title"] == "N2"
    assert embed["description"].startswith("(1 notice before this could not be told.)\n")


def test_a_wait_that_is_too_long_is_given_up(discord, sender, caplog):
    discord.answers = [(429, {}, b'{"retry_after": 3600}')]
    telling = sender()
    telling.offer(notice(1))
    discord.wait_for(1)
    telling.offer(notice(2))
    telling.close()
    assert "it takes more in 3600 s" in caplog.text
    assert "takes no more messages for 3600 s" in caplog.text
    assert len(discord.times) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 308])
def test_a_webhook_that_is_gone_is_told_once_and_not_asked_again(discord, sender, caplog, status):
    discord.answers = [status]
    telling = sender()
    telling.offer(notice(1))
    discord.wait_for(1)
    telling.close()
    telling.offer(notice(2))
    assert len(discord.times) == 1
    assert f"Discord answered {status}: the webhook is gone" in caplog.text


def test_a_message_that_is_refused_costs_no_other(discord, sender, caplog):
    discord.answers = [400]
    telling = sender()
    telling.offer(notice(1))
    discord.wait_for(1)
    telling.offer(notice(2))
    telling.close()
    assert discord.titles == ["N2"]
    assert "Discord answered 400: it does not take this message" in caplog.text


def test_offering_never_waits_and_the_oldest_give_way_and_are_counted(discord, sender, caplog):
    discord.answers = ["hang"]
    telling = sender(capacity=10, timeout=5.0)
    telling.offer(notice(0))
    discord.wait_for(1)
    began = time.monotonic()
    for number in range(1, 1001):
        telling.offer(notice(number))
    assert time.monotonic() - began < 1.0
    discord.released.set()
    telling.close()
    assert discord.titles[-10:] == [f"N{number}" for number in range(991, 1001)]
    first = next(embed for embed in discord.embeds if embed["title"] == "N991")
    assert "(990 notices before this could not be told.)" in first["description"]
    assert caplog.text.count("is too slow") == 1


def test_closing_ends_in_time_and_tells_what_was_not(discord, sender, caplog, monkeypatch):
    monkeypatch.setattr(sending, "FLUSH", 0.3)
    discord.answers = ["hang"] * 9
    telling = sender(timeout=9.0)
    for number in range(12):
        telling.offer(notice(number))
    discord.wait_for(1)
    began = time.monotonic()
    telling.close()
    assert time.monotonic() - began < 2.0
    assert "channel 'discord' was not told 12 notices." in caplog.text


def test_a_server_that_is_not_there_can_not_be_reached(discord, sender, caplog):
    channel = make_channel("x", SecretStr(f"http://127.0.0.1:1/api/webhooks/1/{TOKEN}"), 0.5)
    telling = Sender([Route("x", channel, tuple(Kind))], replace(QUICK, give_up_after=0.05))
    telling.offer(notice(1))
    telling.close()
    assert "channel 'x' was not told: it can't be reached (ConnectError)" in caplog.text


def test_other_services_go_through_apprise(discord, caplog):
    caplog.set_level(logging.DEBUG)
    hush()
    address = f"json://user:{TOKEN}@127.0.0.1:{discord.port}/hook"
    channel = make_channel("other", SecretStr(address), 2.0)
    discord.answers = [500]
    telling = Sender([Route("other", channel, tuple(Kind))], QUICK)
    telling.offer(notice(1))
    discord.wait_for(2)
    telling.close()
    assert discord.messages[0]["title"] == "skim: N1"
    assert "N1: text" in discord.messages[0]["message"]
    assert TOKEN not in caplog.text


def test_a_service_of_apprises_that_hangs_is_left_behind(discord, caplog):
    channel = make_channel("other", SecretStr(f"json://127.0.0.1:{discord.port}/"), 0.1)
    discord.answers = ["hang"] * 9
    telling = Sender([Route("other", channel, tuple(Kind))], replace(QUICK, give_up_after=0.05))
    telling.offer(notice(1))
    telling.close()
    assert "channel 'other' was not told: no answer within 0.1 s" in caplog.text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"http://discord.example/api/webhooks/1/{TOKEN}", "it must be https://"),
        (f"nothing://{TOKEN}", "none that apprise knows"),
        (TOKEN, "none that apprise knows"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_and_not_told(address, words, caplog):
    caplog.set_level(logging.DEBUG)
    hush()
    with pytest.raises(ConfigError, match=words) as refused:
        make_channel("x", SecretStr(address), 1.0)
    assert TOKEN not in str(refused.value)
    assert TOKEN not in caplog.text
