"""A survey from its first message to the head's digest, with the real bot, jobs and database."""

from collections.abc import Awaitable, Callable, Iterator

import pytest

from infra.local.telegram.client import Message, Press, SimulatorClient
from infra.local.waiting import until
from tests.campaign import Campaign, keep_awake
from tests.stack import Stack
from tests.world import ACCOUNTANT, ADMIN, MANAGER, ClientChat

STARS = ["1 ⭐", "2 ⭐", "3 ⭐", "4 ⭐", "5 ⭐", "Отозвать оценку"]

Pressed = Callable[[int, str], Awaitable[Press]]


@pytest.fixture
async def campaign(stack: Stack, sim: SimulatorClient, chat: ClientChat) -> Campaign:
    """Of one chat, whose client is known there and has started the bot."""
    chat.rows(
        "insert into public.chat_members (chat_id, telegram_user_id, full_name) values (%s, %s, 'Анна')"
        " on conflict do nothing returning chat_id",
        chat.id,
        chat.client,
    )
    await sim.post("person", user_id=chat.client, first_name="Анна", started=True)
    begun = Campaign(stack, chat)
    begun.begin()
    return begun


@pytest.fixture
async def survey(sim: SimulatorClient, chat: ClientChat, campaign: Campaign) -> Message:
    """The message, once the chat has it and the database knows."""
    asked = await sim.until_message(chat.id, lambda m: m.by_bot and m.buttons == STARS, seconds=20)
    assert until(lambda: campaign.status == "active", 10)
    return asked


@pytest.fixture
def press(sim: SimulatorClient, survey: Message) -> Pressed:
    async def pressed(who: int, button: str) -> Press:
        return await sim.until_answered(await sim.press(who, survey, button))

    return pressed


async def test_h1_h11_each_client_has_one_vote_that_may_change_and_staff_have_none(
    sim: SimulatorClient, chat: ClientChat, campaign: Campaign, survey: Message, press: Pressed
) -> None:
    anna, boris = chat.client, chat.client + 1
    await sim.post("person", user_id=boris, first_name="Борис")
    told = [
        (await press(anna, "5 ⭐")).text or "",
        (await press(boris, "2 ⭐")).text or "",
        (await press(anna, "4 ⭐")).text or "",
        (await press(anna, "4 ⭐")).text or "",
        (await press(boris, "Отозвать оценку")).text or "",
    ]
    assert [text.split(".")[0] for text in told] == [
        "Спасибо, ваша оценка — 5",
        "Спасибо, ваша оценка — 2",
        "Оценка изменена, теперь 4",
        "Ваша оценка — 4, она уже учтена",
        "Ваша оценка отозвана",
    ]
    for staff in (ACCOUNTANT, MANAGER):
        refusal = await press(staff, "1 ⭐")
        assert (refusal.text, refusal.show_alert) == (
            "Оценку ставят клиенты, сотрудники фирмы не голосуют.",
            True,
        )
    assert (campaign.firm["average"], campaign.firm["voters"], campaign.firm["votes"]) == (4, 1, 1)
    assert [rating for rating, _ in campaign.votes] == [5, 2, 4, None]
    (now,) = [m for m in await sim.messages(chat.id) if m.by_bot]
    assert (now.words, now.buttons, now.edit_date) == (survey.words, STARS, None)


async def test_h2_who_did_not_vote_is_reminded_in_private_of_which_chat_and_who_did_is_not(
    sim: SimulatorClient, chat: ClientChat, campaign: Campaign, press: Pressed
) -> None:
    anna, boris = chat.client, chat.client + 1
    await sim.post("person", user_id=boris, first_name="Борис")
    campaign.rows(
        "insert into public.chat_members (chat_id, telegram_user_id, full_name) values (%s, %s, 'Борис') returning 1",
        *(chat.id, boris),
    )
    for who in (anna, boris):
        said = (await sim.start(who)).message.message_id
        await sim.until_message(who, lambda m: m.by_bot, since=said)
    await press(anna, "5 ⭐")
    # Three days of voting, as if they were over.
    campaign.rows(
        "update public.survey_deliveries set sent_at = sent_at - interval '4 days' where survey_id = %s returning id",
        campaign.id,
    )
    reminder = await sim.until_message(boris, lambda m: m.buttons == STARS, seconds=20)
    assert f"\nЧат: {chat.title}\n" in reminder.words
    assert "Напоминаем: опрос ещё идёт." in reminder.words
    voted = await sim.until_answered(await sim.press(boris, reminder, "4 ⭐"))
    assert "ваша оценка — 4" in (voted.text or "")
    assert campaign.firm["votes"] == len((anna, boris))
    for place in (anna, chat.id):
        assert not [m for m in await sim.messages(place) if "Напоминаем" in m.words]


@pytest.fixture
def rated(chat: ClientChat) -> Iterator[ClientChat]:
    """The only chat that is asked to rate answers."""
    keep_awake(chat)
    others = chat.rows(
        "update public.chats set asked_for_ratings = false where asked_for_ratings and chat_id <> %s returning chat_id",
        chat.id,
    )
    chat.rows("update public.settings set rate_after_answer = true returning id")
    yield chat
    chat.rows("update public.settings set rate_after_answer = false returning id")
    chat.rows(
        "update public.chats set asked_for_ratings = true where chat_id = any (%s) returning id",
        [row["chat_id"] for row in others],
    )


async def test_an_answer_is_rated_by_the_same_rules_at_most_once_a_week(
    sim: SimulatorClient, rated: ClientChat
) -> None:
    await rated.ask("Где акт?", minutes_ago=30)
    await rated.answer("Отправили на почту", minutes_ago=25)
    asked = await sim.until_message(rated.id, lambda m: m.by_bot and m.buttons == STARS, seconds=20)
    (window,) = rated.windows
    assert asked.words.startswith(f"⭐ Как вам наш ответ на обращение № {window['number']}?\n")
    low = await sim.until_answered(await sim.press(rated.client, asked, "2 ⭐"))
    assert "ваша оценка — 2" in (low.text or "")
    alert = await rated.alert()
    assert alert.words.startswith("⭐ Низкая оценка: 2 из 5\n")
    await rated.ask("Не то, что просили", reply_to=asked.message_id)
    found = "select kind, rating, comment from api.feedback_responses where chat_id = %s"
    whole = {"kind": "after_answer", "rating": 2, "comment": "Не то, что просили"}
    assert until(lambda: rated.rows(found, rated.id) == [whole], 10)

    await rated.ask("А счёт?", minutes_ago=20)
    await rated.answer("Вот он", minutes_ago=15)
    assert until(lambda: [window["outcome"] for window in rated.windows] == ["met", "met"], 10)
    rated.rows("select api.run_surveys()")
    assert len(rated.rows("select id from public.survey_deliveries where chat_id = %s", rated.id)) == 1


async def test_who_is_second_to_take_a_low_rating_is_told_who_has_it(
    sim: SimulatorClient, chat: ClientChat, campaign: Campaign, press: Pressed
) -> None:
    await press(chat.client, "1 ⭐")
    alert = await chat.alert()
    (owner,) = campaign.rows(
        "select u.full_name, api.take_case(k.id, u.telegram_id) from public.feedback_cases as k, public.users as u"
        " where k.survey_id = %s and u.telegram_id = %s",
        *(campaign.id, ADMIN),
    )
    said = await sim.until_answered(await sim.press(MANAGER, alert, "Взять в работу"))
    assert (said.text, said.show_alert) == (f"Этой оценкой уже занимается {owner['full_name']}.", True)


async def test_h3_managers_hear_of_a_low_rating_and_of_its_comment(
    sim: SimulatorClient, chat: ClientChat, campaign: Campaign, press: Pressed
) -> None:
    await press(chat.client, "3 ⭐")
    alert = await sim.until_message(MANAGER, lambda m: m.by_bot and chat.title in m.words, seconds=20)
    assert alert.words.startswith("⭐ Низкая оценка: 3 из 5\n")
    assert alert.buttons == ["Взять в работу", "Открыть чат"]
    taken = await sim.until_answered(await sim.press(MANAGER, alert, "Взять в работу"))
    assert taken.text == "Записано: этой оценкой занимаетесь вы."
    (case,) = campaign.rows(
        "select u.telegram_id from public.feedback_cases as k join public.users as u on u.id = k.owner_id"
        " where k.survey_id = %s",
        campaign.id,
    )
    assert case["telegram_id"] == MANAGER
    await sim.say(chat.client, chat.client, "Ждали <акт> неделю")
    news = await sim.until_message(
        MANAGER, lambda m: chat.title in m.words and "Ждали <акт> неделю" in m.words, seconds=20
    )
    assert news.words.startswith("⭐ Комментарий к оценке 3 из 5\n")
    assert not [m for m in await sim.messages(ACCOUNTANT) if chat.title in m.words]


async def test_h4_what_a_client_explains_is_kept_with_the_vote_and_waits_for_nobody(
    sim: SimulatorClient, chat: ClientChat, campaign: Campaign, survey: Message, press: Pressed
) -> None:
    asked = await press(chat.client, "5 ⭐")
    assert asked.show_alert and "Пояснить её можно мне в личные сообщения" in (asked.text or "")

    await sim.say(chat.client, chat.client, "Всё быстро")
    await sim.until_message(chat.client, "Спасибо, комментарий добавлен к вашей оценке.")
    await chat.ask("И вежливо", reply_to=survey.message_id)
    assert until(lambda: campaign.votes[-1] == (5, "Всё быстро\nИ вежливо"), 10)
    assert chat.windows == []

    chat.rows(
        "update public.feedback_responses set created_at = created_at - interval '11 minutes'"
        " where survey_id = %s returning id",
        campaign.id,
    )
    last = (await sim.say(chat.client, chat.client, "Ещё слово")).message.message_id
    await sim.until_message(chat.client, "Не понял", since=last)
    await chat.ask("Где акт?")
    assert until(lambda: len(chat.windows) == 1, 10)
    assert campaign.votes[-1] == (5, "Всё быстро\nИ вежливо")


async def test_a_form_that_is_under_way_gets_its_answer_and_the_vote_does_not(
    sim: SimulatorClient, chat: ClientChat, campaign: Campaign, press: Pressed
) -> None:
    await press(chat.client, "5 ⭐")
    said = (await sim.say(chat.client, chat.client, "/menu")).message.message_id
    menu = await sim.until_message(chat.client, lambda m: m.by_bot and bool(m.buttons), since=said)
    await sim.until_answered(await sim.press(chat.client, menu, "Заказать документ"))
    form = await sim.until_message(chat.client, "Какой документ нужен?", since=said)
    await sim.until_answered(await sim.press(chat.client, form, "Справка"))
    await sim.say(chat.client, chat.client, "с начала года")
    await sim.until_message(chat.client, "Нужна справка, период: с начала года.", since=said)
    assert campaign.votes == [(5, None)]


async def test_h5_after_the_end_a_press_is_refused_in_words_and_the_head_reads_the_results(
    sim: SimulatorClient, chat: ClientChat, campaign: Campaign, press: Pressed
) -> None:
    await press(chat.client, "5 ⭐")
    campaign.close()
    refusal = await press(chat.client, "1 ⭐")
    assert (refusal.text, refusal.show_alert) == ("Опрос уже завершён.", True)
    assert [rating for rating, _ in campaign.votes] == [5]
    # It comes in working time, which the hour of the test need not be.
    (digest, *_) = campaign.rows(
        "update public.outbox set next_attempt_at = now() where kind = 'survey_digest' and subject_id = %s"
        " returning recipient_chat_id",
        campaign.id,
    )
    read = await sim.until_message(digest["recipient_chat_id"], f"Опрос «{campaign.name}» закрыт", seconds=20)
    assert digest["recipient_chat_id"] in (ADMIN, MANAGER)
    assert "Оценили 1 из 1, это 100 %\nСредняя оценка: 5\n" in read.words


async def test_the_menu_offers_the_survey_that_is_open_and_says_when_there_is_none(
    sim: SimulatorClient, chat: ClientChat, campaign: Campaign, survey: Message
) -> None:
    question, rest = survey.words.split("\n", 1)
    for where, words in ((chat.client, f"{question}\nЧат: {chat.title}\n{rest}"), (chat.id, survey.words)):
        said = (await sim.say(chat.client, where, "/menu")).message.message_id
        menu = await sim.until_message(where, lambda m: m.by_bot and bool(m.buttons), since=said)
        await sim.until_answered(await sim.press(chat.client, menu, "Оценить работу"))
        offered = await sim.until_message(where, lambda m: m.buttons == STARS, since=said)
        assert (offered.message_id, offered.words) == (menu.message_id, words)
        vote = await sim.until_answered(await sim.press(chat.client, offered, "5 ⭐"))
        assert "ваша оценка — 5" in (vote.text or "").lower()
    campaign.close()
    said = (await sim.say(chat.client, chat.client, "/menu")).message.message_id
    menu = await sim.until_message(chat.client, lambda m: m.by_bot and "Позвать бухгалтера" in m.buttons, since=said)
    refusal = await sim.until_answered(await sim.press(chat.client, menu, "Оценить работу"))
    assert (refusal.text or "").startswith("Сейчас опроса нет.")
