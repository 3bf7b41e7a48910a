"""`/newchat`, from the client to the link."""

from datetime import UTC, datetime
from typing import Any

from aiogram.types import InlineKeyboardMarkup

from bot.messages import chat_invitation
from bot.messages.chat_invitation import FoundClients, Invitation
from bot.messages.choices import Offered
from tests.bot.snapshot import Messages
from tests.bot.told import BUTTONS, ROW

NOW = datetime(2026, 4, 6, 9, 30, tzinfo=UTC)
CLIENT = Offered(id=ROW, name="Romashka")


def invitation(**changes: Any) -> Invitation:
    known: dict[str, Any] = {
        "id": ROW,
        "token": "t0ken",
        "client": "Romashka & Co",
        "accountant": "Olga Petrova",
        "policy": "Round the clock",
        "expires_at": "2026-04-07T09:30:00+00:00",
        "timezone": "Europe/Moscow",
    }
    return Invitation.model_validate({**known, **changes})


def _card(**changes: Any) -> tuple[str, InlineKeyboardMarkup]:
    return chat_invitation.card(invitation(**changes), "https://t.me/buh_bot?startgroup=t0ken", NOW, BUTTONS)


def _found(*clients: Offered, may_add: bool) -> tuple[str, InlineKeyboardMarkup]:
    return chat_invitation.found("Romashka", FoundClients(clients=list(clients), may_add=may_add), ROW, BUTTONS)


MESSAGES: Messages = {
    "which client": chat_invitation.which_client,
    "several clients": lambda: _found(CLIENT, Offered(id=ROW, name="R" * 100), may_add=False),
    "no client, to a manager": lambda: _found(may_add=False),
    "no client, to an admin": lambda: _found(may_add=True),
    "the link": _card,
    "the link, bound to nothing": lambda: _card(client=None, accountant=None, policy=None),
    "under the picture": chat_invitation.qr_caption,
    "which owner": lambda: chat_invitation.which_owner(ROW, [Offered(id=ROW, name="Olga Petrova")], BUTTONS),
    "which policy": lambda: chat_invitation.which_policy(ROW, [Offered(id=ROW, name="Round the clock")], BUTTONS),
}
