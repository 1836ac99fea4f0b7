"""``skim notify``, the configuration, and secrets that are never told."""

from __future__ import annotations

import pytest

TOKEN = "aT0ken-that_nobody-may-see"


@pytest.fixture
def configure(home, discord):
    """Write skim.toml and the address's file."""
    (home / "address").write_text(f"{discord.url}\n")
    (home / "address").chmod(0o600)

    def written(text: str) -> None:
        (home / "skim.toml").write_text(text.replace("HOME", str(home)))

    return written


CHANNEL = (
    '[extension.notify.channels.desk]\nurl_file = "HOME/address"\nevents = ["trades", "stops"]\n'
)


def test_the_usual_variable_is_enough(skim, discord, monkeypatch):
    monkeypatch.setenv("DISCORD_WEBHOOK_URL", discord.url)
    sent = skim("notify", "test")
    assert (sent.code, sent.out) == (0, "discord: sent\n")
    [embed] = discord.embeds
    assert (embed["title"], embed["footer"]["text"]) == ("Test", "skim notify test")
    assert discord.paths == [f"/api/webhooks/123456/{TOKEN}"]


def test_the_address_may_be_in_a_file(skim, discord, configure):
    configure(CHANNEL)
    assert skim("notify", "test", "--json").json == {
        "channels": [{"channel": "desk", "sent": True, "fault": ""}]
    }
    assert len(discord.messages) == 1


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (404, "Discord answered 404: the webhook is gone, or the address is wrong"),
        (500, "Discord answered 500"),
        ((429, {}, b'{"retry_after": 2}'), "it takes more in 2 s"),
        ("hang", "no answer within 0.3 s"),
        ("drip", "no answer within 0.3 s"),
    ],
)
def test_what_does_not_arrive_is_told_and_exits_1(skim, discord, configure, answer, fault):
    # An answer that comes is waited for, however busy the machine is.
    timeout = "300ms" if isinstance(answer, str) else "30s"
    configure(f'[extension.notify]\ntimeout = "{timeout}"\n{CHANNEL}')
    discord.answers = [answer]
    sent = skim("notify", "test", "--debug")
    assert sent.code == 1
    assert sent.out.startswith("desk: ")
    assert fault in sent.out
    assert TOKEN not in sent.out + sent.err


def test_one_channel_of_several(skim, discord, configure):
    configure(CHANNEL + CHANNEL.replace("desk", "other"))
    assert skim("notify", "test", "--channel", "other").out == "other: sent\n"
    refused = skim("notify", "test", "--channel", "othr")
    assert (refused.code, "did you mean 'other'?" in refused.err) == (2, True)


def test_without_a_channel_it_says_how_to_make_one(skim):
    refused = skim("notify", "test")
    assert (refused.code, "set the variable DISCORD_WEBHOOK_URL" in refused.err) == (2, True)
    shown = skim("notify", "channels")
    assert (shown.code, "No channel is configured" in shown.out) == (0, True)


def test_channels_are_shown_without_their_addresses(skim, configure, home):
    configure(CHANNEL)
    assert skim("notify", "channels", "--json").json == {
        "channels": [
            {"channel": "desk", "events": ["trades", "stops"], "address": f"in {home}/address"}
        ]
    }
    assert "trades, stops" in skim("notify", "channels").out


@pytest.mark.parametrize(
    "text", ['[X.desk]\nurl = "URL"', '[X.desk]\nurl_variable = "URL"', '[X]\ndesk = "URL"']
)
def test_an_address_in_skim_toml_is_refused_and_never_shown(skim, configure, discord, text):
    configure(text.replace("X", "extension.notify.channels").replace("URL", discord.url))
    for command in (("notify", "test"), ("config", "check"), ("notify", "channels")):
        refused = skim(*command)
        assert refused.code == 2
        assert TOKEN not in refused.out + refused.err
        assert "[extension.notify]" in refused.out + refused.err
    shown = skim("config", "show")
    assert shown.code == 0
    assert TOKEN not in shown.out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('url_variable = "NOT_SET"', "the variable NOT_SET is not set"),
        ('url_file = "nowhere"', "url_file: its value is not accepted"),
        ('url_variable = "A"\nevents = ["trade"]', "channels.desk.events.0: it must be"),
        ('url_file = "HOME/nowhere"', "/nowhere, which can't be read"),
        ('url_file = "HOME/two"', "must hold the address on one line"),
    ],
)
def test_an_address_that_is_not_there_is_told_by_its_place(skim, home, text, told):
    (home / "two").write_text(f"one\n{TOKEN}\n")
    (home / "skim.toml").write_text(
        f"[extension.notify.channels.desk]\n{text.replace('HOME', str(home))}\n"
    )
    refused = skim("notify", "test")
    assert refused.code == 2
    assert told in refused.err
    assert TOKEN not in refused.err


@pytest.mark.parametrize(
    "text", ["", 'url_variable = "A"\nurl_file = "b"', 'url_variable = "A"\nevents = ["trade"]']
)
def test_a_channel_is_checked(skim, home, text):
    (home / "skim.toml").write_text(f"[extension.notify.channels.desk]\n{text}\n")
    assert skim("config", "check").code == 2


def test_a_file_that_others_can_read_is_warned_of(skim, home, configure):
    configure(CHANNEL)
    (home / "address").chmod(0o644)
    assert "can be read by other users (mode 0644)" in skim("notify", "test").err
