"""The Bot API client of the two processes that speak Telegram: bot and jobs."""

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.methods import Response
from aiogram.types import File, Message, User

# What Telegram answers, ready-made. aiogram asks pydantic for the type of each answer anew, and pydantic keeps a type
# only as long as somebody uses it: to make it again takes as long as three calls.
_ANSWERS = (Response[Message], Response[Message | bool], Response[bool], Response[File], Response[User])


def connect(token: str, api_url: str, *middlewares: BaseRequestMiddleware) -> Bot:
    """Return a client that speaks HTML and gives a call ten seconds; whoever opens it closes its session.

    `middlewares` stand around each call.
    """
    session = AiohttpSession(api=TelegramAPIServer.from_base(api_url), timeout=10)
    for middleware in middlewares:
        session.middleware(middleware)
    properties = DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview_is_disabled=True)
    return Bot(token, session=session, default=properties)
