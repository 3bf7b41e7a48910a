"""What the bot says to clients by itself, from the question to Telegram."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.world import ACCOUNTANT, MANAGER, ClientChat

CLOSED = """
with schedule as (
  insert into public.working_schedules (name, timezone, follows_firm_calendar) values (%s, 'Europe/Moscow', false)
  returning id
),
hours as (
  insert into public.working_intervals (schedule_id, weekday, opens, closes)
  select s.id, %s, '09:00', '18:00' from schedule as s
)
update public.chats set schedule_id = s.id, receipts = %s from schedule as s where chat_id = %s returning chat_id
"""


def close(chat: ClientChat, receipts: str) -> datetime:
    """Only the day after tomorrow is a working day; return when it begins."""
    opens = datetime.now(ZoneInfo("Europe/Moscow")) + timedelta(days=2)
    chat.rows(CLOSED, f"Закрыто {chat.id}", opens.isoweekday(), receipts, chat.id)
    return opens.replace(hour=9, minute=0)


async def test_off_hours_a_client_reads_once_when_somebody_will_be_there(
    sim: SimulatorClient, chat: ClientChat
) -> None:
    close(chat, "text")
    await chat.ask("Где акт?")
    reply = await sim.until_message(chat.id, lambda m: m.by_bot)
    assert reply.words.startswith("Здравствуйте. Сейчас нерабочее время. Ответим ")
    assert "после 09:00.\nНомер обращения: " in reply.words
    await chat.answer("Завтра")
    await chat.ask("А счёт?")
    # What the firm's questions and answers say to it, nobody here knows: other tests write them.
    await sim.until_message(chat.id, lambda m: m.by_bot and m.words.startswith("Приняли в "))
    await sim.until_delivered()
    assert [m.message_id for m in await sim.messages(chat.id) if "нерабочее время" in m.words] == [reply.message_id]


async def test_a14_an_album_gets_one_receipt_and_staffs_own_files_none(sim: SimulatorClient, chat: ClientChat) -> None:
    chat.rows("update public.chats set receipts = 'text' where chat_id = %s returning id", chat.id)
    await sim.send(ACCOUNTANT, chat.id, "document")
    album = [await sim.send(chat.client, chat.id, "photo", media_group_id="album") for _ in range(5)]
    receipt = await sim.until_message(chat.id, lambda m: m.by_bot)
    assert receipt.words.startswith("Приняли в ")
    assert receipt.reply_to_message and receipt.reply_to_message.message_id == album[0].message.message_id
    await sim.until_delivered()
    assert len([m for m in await sim.messages(chat.id) if m.by_bot]) == 1


async def test_a_receipt_may_be_a_pair_of_eyes(sim: SimulatorClient, chat: ClientChat) -> None:
    chat.rows("update public.chats set receipts = 'reaction' where chat_id = %s returning id", chat.id)
    question = await chat.ask("Где акт?")
    seen = await sim.until_message(chat.id, lambda m: m.message_id == question.message_id and bool(m.reactions))
    assert [*seen.reactions.values()] == [["👀"]]


@pytest.fixture
def faq(chat: ClientChat) -> Iterator[str]:
    """A question that nobody else in the stack asks; gone afterwards."""
    word = f"вопросик{abs(chat.id)}"
    chat.rows(
        "insert into public.faq_items (question, answer, keywords) values (%s, 'Ставка 22 %%.', %s) returning id",
        f"Что такое {word}?",
        [word],
    )
    yield f"Скажите, что такое {word}?"
    chat.rows("delete from public.faq_items where %s = any (keywords) returning id", word)


async def test_f10_a2_an_answer_is_offered_and_only_who_asked_may_thank_for_it(
    sim: SimulatorClient, chat: ClientChat, faq: str
) -> None:
    await chat.ask(faq)
    offer = await sim.until_message(chat.id, lambda m: m.words == "Ставка 22 %.")
    assert offer.buttons == ["Спасибо, помогло", "Не помогло"]
    assert [window["outcome"] for window in chat.windows] == ["waiting"]
    press = await sim.until_answered(await sim.press(MANAGER, offer, "Спасибо, помогло"))
    assert (press.text, press.show_alert) == ("Это решает тот, кто задал вопрос.", True)
    press = await sim.until_answered(await sim.press(chat.client, offer, "Не помогло"))
    assert press.text == "Ответит бухгалтер, он видит ваш вопрос."
    assert [window["outcome"] for window in chat.windows] == ["waiting"]
    press = await sim.until_answered(await sim.press(chat.client, offer, "Спасибо, помогло"))
    assert press.text == "Рады, что помогло."
    assert [window["outcome"] for window in chat.windows] == ["excused"]
    await sim.until_message(chat.id, lambda m: m.message_id == offer.message_id and not m.buttons)
    # Both sides of the talk are on record.
    assert until(lambda: "Ставка 22 %." in [message["message_text"] for message in chat.messages], 10)
