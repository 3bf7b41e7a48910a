"""The Bot API client of the two processes that speak Telegram: bot and jobs."""

from typing import cast

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import File, InputFile, Message, User
from aiohttp import FormData, JsonPayload

# What Telegram answers, ready-made. aiogram asks pydantic for the type of each answer anew, and pydantic keeps a type
# only as long as somebody uses it: to make it again takes as long as three calls.
_ANSWERS = (Response[Message], Response[Message | bool], Response[bool], Response[File], Response[User])


class JsonSession(AiohttpSession):
    """Sends a call as JSON: as a form, each byte of a Cyrillic text takes three, and a call a third longer to write."""

    def build_form_data(self, bot: Bot, method: TelegramMethod[TelegramType]) -> FormData:
        """Return the body of a call; with files it stays a form."""
        files: dict[str, InputFile] = {}
        given = method.model_dump(warnings=False).items()
        fields = {name: self.prepare_value(value, bot, files, _dumps_json=False) for name, value in given}
        if files:
            return super().build_form_data(bot, method)
        kept = {name: value for name, value in fields.items() if value is not None}
        return cast("FormData", JsonPayload(kept, dumps=self.json_dumps))


def connect(token: str, api_url: str, *middlewares: BaseRequestMiddleware) -> Bot:
    """Return a client that speaks HTML and gives a call ten seconds; whoever opens it closes its session.

    `middlewares` stand around each call.
    """
    session = JsonSession(api=TelegramAPIServer.from_base(api_url), timeout=10)
    for middleware in middlewares:
        session.middleware(middleware)
    properties = DefaultBotProperties(
        parse_mode=ParseMode.HTML,
        link_preview_is_disabled=True,
        # What is answered may have been deleted since.
        allow_sending_without_reply=True,
    )
    return Bot(token, session=session, default=properties)
