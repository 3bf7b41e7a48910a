"""Whatever people do becomes an update that aiogram's types accept to the last field (the receiver checks it)."""

import time
from typing import Any, get_args

import pytest
from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message, Update

from infra.local.telegram.client import SimulatorClient, SimulatorRefusedError
from infra.local.telegram.world import MediaKind
from tests.telegram.receiver import Receiver

GROUP = -1001000000001


async def last(sim: SimulatorClient, receiver: Receiver) -> Update:
    await sim.until_delivered()
    return receiver.updates[-1]


async def last_message(sim: SimulatorClient, receiver: Receiver) -> Message:
    message = (await last(sim, receiver)).message
    assert message
    return message


@pytest.mark.parametrize("kind", get_args(MediaKind))
async def test_every_kind_of_media(sim: SimulatorClient, receiver: Receiver, kind: str) -> None:
    captioned = kind in {"photo", "document", "voice", "video", "audio", "animation"}
    more: dict[str, Any] = {"caption": "Вот @buhbot_local_bot"} if captioned else {}
    await sim.send(2001, GROUP, kind, **more)
    message = await last_message(sim, receiver)
    assert message.content_type == kind
    assert message.caption == more.get("caption")


async def test_context_of_a_message(sim: SimulatorClient, receiver: Receiver) -> None:
    first = await sim.say(1003, GROUP, "Пришлю завтра", topic_id=7)
    await sim.say(2001, GROUP, "/когда? https://x.ru", topic_id=7, reply_to=first.message.message_id, quote="завтра")
    message = await last_message(sim, receiver)
    assert (message.message_thread_id, message.is_topic_message) == (7, True)
    assert message.reply_to_message
    assert message.reply_to_message.text == "Пришлю завтра"
    assert message.quote
    assert message.quote.text == "завтра"
    assert [one.type for one in message.entities or []] == ["url"]
    await sim.say(2001, GROUP, "переслано", forwarded_from=1003)
    origin = (await last_message(sim, receiver)).forward_origin
    assert origin
    assert origin.type == "user"
    await sim.say(1001, GROUP, "от имени группы", sender_chat_id=GROUP)
    anonymous = await last_message(sim, receiver)
    assert anonymous.sender_chat
    assert anonymous.from_user
    assert anonymous.from_user.username == "GroupAnonymousBot"


async def test_albums_share_their_group(sim: SimulatorClient, receiver: Receiver) -> None:
    await sim.send(2001, GROUP, "photo", media_group_id="a1")
    await sim.send(2001, GROUP, "photo", media_group_id="a1")
    await sim.until_delivered()
    assert [one.message.media_group_id for one in receiver.updates if one.message] == ["a1", "a1"]


async def test_a_message_bears_the_date_it_is_given(sim: SimulatorClient, receiver: Receiver) -> None:
    await sim.say(2001, GROUP, "давно", minutes_ago=70)
    message = await last_message(sim, receiver)
    assert abs(time.time() - 70 * 60 - message.date.timestamp()) < 5
    await sim.say(2001, GROUP, "в тот день", date=1_700_000_000)
    assert (await last_message(sim, receiver)).date.timestamp() == 1_700_000_000
    for wrong in ({"date": 1_700_000_000_000}, {"date": 1_700_000_000, "minutes_ago": 5}):
        with pytest.raises(SimulatorRefusedError):
            await sim.say(2001, GROUP, "никогда", **wrong)


async def test_edits_and_reactions_tell_before_and_after(sim: SimulatorClient, receiver: Receiver) -> None:
    said = await sim.say(2001, GROUP, "Где акт?")
    await sim.edit(2001, said.message, "Где акт за май?")
    edited = (await last(sim, receiver)).edited_message
    assert edited
    assert (edited.text, edited.message_id) == ("Где акт за май?", said.message.message_id)
    assert edited.edit_date
    await sim.react(1003, said.message, "👍")
    await sim.react(1003, said.message, "🔥")
    event = (await last(sim, receiver)).message_reaction
    assert event
    assert [one.model_dump()["emoji"] for one in (*event.old_reaction, *event.new_reaction)] == ["👍", "🔥"]
    assert (await sim.messages(GROUP))[-1].reactions == {1003: ["🔥"]}


async def test_a_press_carries_the_message_as_it_is_now(bot: Bot, sim: SimulatorClient, receiver: Receiver) -> None:
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Взять", callback_data="t:1")]])
    message = await bot.send_message(1002, "было", reply_markup=keyboard)
    await message.edit_text("стало", reply_markup=keyboard)
    await sim.press(1002, await sim.until_message(1002, "стало"), "Взять")
    query = (await last(sim, receiver)).callback_query
    assert query
    assert isinstance(query.message, Message)
    assert (query.data, query.from_user.id, query.message.text) == ("t:1", 1002, "стало")
    for person, button, reason in ((1002, "Нет", "has no button"), (1003, "Взять", "does not see")):
        with pytest.raises(SimulatorRefusedError, match=reason):
            await sim.press(person, await sim.until_message(1002, "стало"), button)


async def test_people_come_and_go(sim: SimulatorClient, receiver: Receiver) -> None:
    await sim.post("member", chat_id=GROUP, user_id=3001, status="member", by=1001)
    await sim.post("member", chat_id=GROUP, user_id=3001, status="administrator", by=1001)
    await sim.post("member", chat_id=GROUP, user_id=3001, status="restricted", by=1001)
    await sim.post("member", chat_id=GROUP, user_id=3001, status="kicked", by=1001)
    await sim.until_delivered()
    statuses = [one.chat_member.new_chat_member.status for one in receiver.updates if one.chat_member]
    assert statuses == ["member", "administrator", "restricted", "kicked"]
    kinds = [one.message.content_type for one in receiver.updates if one.message]
    assert kinds == ["new_chat_members", "left_chat_member"]
    with pytest.raises(SimulatorRefusedError, match="was removed"):
        await sim.say(3001, GROUP, "впустите")


async def test_the_bot_comes_by_a_link_and_is_thrown_out(sim: SimulatorClient, receiver: Receiver) -> None:
    await sim.post("add_bot", chat_id=-1009000000001, by=1002, payload="tok_1")
    await sim.until_delivered()
    came = receiver.updates[0].my_chat_member
    assert came
    assert (came.old_chat_member.status, came.new_chat_member.status) == ("left", "member")
    assert receiver.texts == [None, "/start@buhbot_local_bot tok_1"]
    await sim.post("remove_bot", chat_id=-1009000000001, by=1002)
    gone = (await last(sim, receiver)).my_chat_member
    assert gone
    assert gone.new_chat_member.status == "kicked"
    said = await sim.say(1002, -1009000000001, "теперь одни")
    assert said.update_id is None


async def test_privacy_mode_hides_talk_from_a_bot_that_is_no_administrator(
    sim: SimulatorClient, receiver: Receiver
) -> None:
    await sim.post("chat", chat_id=-1009000000002, title="Закрытая", bot_status="member")
    assert (await sim.say(2001, -1009000000002, "между собой")).update_id is None
    assert (await sim.say(2001, -1009000000002, "/help")).update_id
    assert (await sim.say(2001, -1009000000002, "@buhbot_local_bot, ответь")).update_id


async def test_other_bots_are_never_heard(sim: SimulatorClient, receiver: Receiver) -> None:
    await sim.post("person", user_id=5001, first_name="Чужой", is_bot=True, username="other_bot")
    assert (await sim.say(5001, GROUP, "реклама")).update_id is None


async def test_business_talk_is_heard_through_its_connection(sim: SimulatorClient, receiver: Receiver) -> None:
    connection = (await sim.post("connect", user_id=1003))["connection_id"]
    place: dict[str, Any] = {"connection_id": connection, "chat_id": 2001}
    said = (await sim.post("business_say", user_id=2001, text="Где акт?", **place))["message"]["message_id"]
    await sim.post("business_edit", user_id=2001, message_id=said, text="Где счёт?", **place)
    await sim.post("business_delete", message_ids=[said], **place)
    await sim.until_delivered()
    connected, message, edit, deletion = receiver.updates
    assert connected.business_connection
    assert connected.business_connection.is_enabled
    assert message.business_message
    assert (message.business_message.text, message.business_message.business_connection_id) == ("Где акт?", connection)
    assert edit.edited_business_message
    assert (edit.edited_business_message.text, edit.edited_business_message.message_id) == ("Где счёт?", said)
    assert deletion.deleted_business_messages
    assert deletion.deleted_business_messages.message_ids == [said]
    # Nothing of it is in the chat between the two and the bot.
    assert await sim.messages(2001) == []
    await sim.post("connect", user_id=1003, is_enabled=False)
    with pytest.raises(SimulatorRefusedError, match="no connection"):
        await sim.post("business_say", user_id=2001, text="x", **place)
    with pytest.raises(SimulatorRefusedError, match="not connected"):
        await sim.post("connect", user_id=1003, is_enabled=False)


async def test_what_the_bot_did_not_ask_for_does_not_come(sim: SimulatorClient, receiver: Receiver, bot: Bot) -> None:
    await bot.set_webhook(receiver.url, secret_token=receiver.secret, allowed_updates=["message"])
    assert (await sim.post("connect", user_id=1003))["update_id"] is None
    assert (await sim.post("member", chat_id=GROUP, user_id=3001, status="administrator"))["update_ids"] != []
    await sim.until_delivered()
    assert [one.event_type for one in receiver.updates] == ["message"]


async def test_titles_topics_and_blocks(sim: SimulatorClient, receiver: Receiver) -> None:
    await sim.post("title", chat_id=GROUP, user_id=1001, title="ООО Лютик")
    assert (await last_message(sim, receiver)).new_chat_title == "ООО Лютик"
    opened = await sim.post("topic", chat_id=GROUP, user_id=1001, name="Налоги")
    topic = opened["message"]["message_thread_id"]
    assert (await last_message(sim, receiver)).forum_topic_created
    await sim.post("close_topic", chat_id=GROUP, user_id=1001, topic_id=topic)
    assert (await last_message(sim, receiver)).forum_topic_closed
    await sim.post("block", user_id=1005)
    blocked = (await last(sim, receiver)).my_chat_member
    assert blocked
    assert blocked.new_chat_member.status == "kicked"
    await sim.start(1005, "verify_abc")
    assert (await last_message(sim, receiver)).text == "/start verify_abc"


async def test_a_group_becomes_a_supergroup(sim: SimulatorClient, receiver: Receiver) -> None:
    await sim.post("chat", chat_id=-88, title="Растущая", members={"2001": "creator"})
    await sim.post("migrate", chat_id=-88, new_chat_id=-1008800)
    await sim.until_delivered()
    pairs = [
        (one.message.chat.id, one.message.migrate_to_chat_id or one.message.migrate_from_chat_id)
        for one in receiver.updates
        if one.message
    ]
    assert sorted(pairs) == [(-1008800, -88), (-88, -1008800)]
    said = await sim.say(2001, -88, "я по старой ссылке")
    assert said.message.chat_id == -1008800
