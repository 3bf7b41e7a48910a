"""The load is like traffic: many chats, mostly clients, every id once, and understood by the bot."""

from bot.intake import record_of
from tests.bench.traffic import Traffic
from tests.world import ACCOUNTANT

UPDATES = Traffic(range(1_091_000_000_000, 1_091_000_000_200), 1_780_000_000).take(4000)


def test_six_messages_of_ten_come_from_clients() -> None:
    by_clients = sum(update["message"]["from"]["id"] != ACCOUNTANT for update in UPDATES)
    assert 0.57 < by_clients / len(UPDATES) < 0.63


def test_no_id_is_used_twice() -> None:
    messages = [(update["message"]["chat"]["id"], update["message"]["message_id"]) for update in UPDATES]
    assert len(set(messages)) == len({update["update_id"] for update in UPDATES}) == len(UPDATES)


def test_both_sides_of_a_comparison_say_the_same() -> None:
    other = Traffic(range(2_000_000_000_000, 2_000_000_000_200), 1_780_000_000).take(4000)
    said = [[update["message"].get("text") for update in updates] for updates in (UPDATES, other)]
    assert said[0] == said[1]


def test_the_bot_finds_questions_and_thanks_in_it() -> None:
    records = [record for update in UPDATES if (record := record_of(update))]
    assert len(records) == len(UPDATES)
    by_clients = [record for record in records if record["user_id"] != ACCOUNTANT]
    assert {record["classification"] for record in by_clients} == {"request", "gratitude"}
    assert {record["kind"] for record in records} == {"text", "document"}
    assert all(record["user_id"] for record in records)
