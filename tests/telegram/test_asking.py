"""What the bot may ask and send besides plain messages: files, chats, members, commands."""

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BufferedInputFile,
    ChatMemberAdministrator,
    ReactionTypeEmoji,
)

from infra.local.telegram.client import SimulatorClient

GROUP = -1001000000001


async def test_files_go_up_come_down_and_are_sent_again(bot: Bot) -> None:
    sent = await bot.send_document(1002, BufferedInputFile(b"hello", "Отчёт.txt"), caption="<i>за май</i>")
    assert sent.document
    assert (sent.document.file_name, sent.caption) == ("Отчёт.txt", "за май")
    file = await bot.get_file(sent.document.file_id)
    assert file.file_path
    content = await bot.download_file(file.file_path)
    assert content
    assert content.read() == b"hello"
    again = await bot.send_document(1002, sent.document.file_id)
    assert again.document
    assert again.document.file_id == sent.document.file_id
    assert (await bot.send_photo(1002, BufferedInputFile(b"x", "a.png"))).photo
    with pytest.raises(TelegramBadRequest, match="wrong file identifier"):
        await bot.send_document(1002, "no-such-file")
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.send_photo(1002, BufferedInputFile(b"x", "a.png"), caption="я" * 1025)


async def test_files_of_people_can_be_fetched(bot: Bot, sim: SimulatorClient) -> None:
    answer = await sim.post("send", user_id=2001, chat_id=GROUP, kind="voice", content_base64="aGVsbG8=")
    file = await bot.get_file(answer["message"]["voice"]["file_id"])
    assert file.file_path
    content = await bot.download_file(file.file_path)
    assert content
    assert content.read() == b"hello"


async def test_a_download_fails_on_order_and_without_the_token(bot: Bot, sim: SimulatorClient, url: str) -> None:
    answer = await sim.post("send", user_id=2001, chat_id=GROUP, kind="voice")
    path = (await bot.get_file(answer["message"]["voice"]["file_id"])).file_path
    await sim.faults({"method": "download", "code": 502, "description": "Bad Gateway"})
    async with aiohttp.ClientSession() as client:
        found = []
        for token in (bot.token, bot.token, "1:wrong"):
            async with client.get(f"{url}/file/bot{token}/{path}") as download:
                found.append(download.status)
    assert found == [502, 200, 401]


async def test_chats_and_members(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.is_bot, me.can_read_all_group_messages) == (123456, True, False)
    assert (await bot.get_chat(GROUP)).title == "ООО Ромашка"
    assert (await bot.get_chat(1002)).first_name == "Пётр"
    assert isinstance(await bot.get_chat_member(GROUP, me.id), ChatMemberAdministrator)
    assert (await bot.get_chat_member(GROUP, 2001)).status == "member"
    assert (await bot.get_chat_member(GROUP, 2003)).status == "left"
    assert {one.user.id for one in await bot.get_chat_administrators(GROUP)} == {1001, me.id}
    assert await bot.get_chat_member_count(GROUP) == 8
    with pytest.raises(TelegramBadRequest, match="user not found"):
        await bot.get_chat_member(GROUP, 424242)


async def test_commands_are_kept_per_scope_and_language(bot: Bot) -> None:
    scope = BotCommandScopeAllGroupChats()
    await bot.set_my_commands([BotCommand(command="help", description="Помощь")], scope=scope, language_code="ru")
    assert [one.command for one in await bot.get_my_commands(scope=scope, language_code="ru")] == ["help"]
    assert await bot.get_my_commands() == []
    await bot.delete_my_commands(scope=scope, language_code="ru")
    assert await bot.get_my_commands(scope=scope, language_code="ru") == []
    with pytest.raises(TelegramBadRequest, match="BOT_COMMAND_INVALID"):
        await bot.set_my_commands([BotCommand(command="Помощь", description="x")])


async def test_small_gestures(bot: Bot, sim: SimulatorClient) -> None:
    said = await sim.say(2001, GROUP, "Где акт?")
    assert await bot.send_chat_action(GROUP, "typing")
    assert await bot.set_message_reaction(GROUP, said.message.message_id, [ReactionTypeEmoji(emoji="👀")])
    assert (await sim.messages(GROUP))[-1].reactions == {bot.id: ["👀"]}
    assert await bot.delete_message(GROUP, said.message.message_id)
    assert await sim.messages(GROUP) == []
    assert await bot.close()
    assert await bot.log_out()


async def test_marks_in_html_are_kept(bot: Bot) -> None:
    sent = await bot.send_message(1002, '  <b>😀 <i>и</i></b> &lt;x&gt; <a href="https://x.ru">тут</a> &nbsp;\n')
    assert sent.text == "😀 и <x> тут &nbsp;"
    marks = [(one.type, one.offset, one.length) for one in sent.entities or []]
    assert marks == [("bold", 0, 4), ("italic", 3, 1), ("text_link", 9, 3)]


async def test_calls_come_as_forms_queries_and_json(url: str) -> None:
    api, fields = f"{url}/bot123456:simulated/sendMessage", {"chat_id": "1002", "text": "да"}
    async with aiohttp.ClientSession() as http:
        for options in ({"params": fields}, {"data": fields}, {"json": fields}):
            async with http.post(api, **options) as response:  # type: ignore[arg-type]
                assert (await response.json())["result"]["text"] == "да"
        async with http.post(api, data=b"{", headers={"content-type": "application/json"}) as response:
            assert response.status == 400
