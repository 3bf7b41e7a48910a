"""The simulator as one thing: the world, the bot's inbox, and everything that can be switched about them."""

import time
from dataclasses import dataclass, field
from typing import Any, Self

from infra.local.telegram import wire
from infra.local.telegram.calls import CallLog
from infra.local.telegram.delivery import Answer, Courier, Switches
from infra.local.telegram.events import Events
from infra.local.telegram.faults import Faults
from infra.local.telegram.inbox import Inbox
from infra.local.telegram.limits import Limits
from infra.local.telegram.polling import Poller
from infra.local.telegram.queries import Queries
from infra.local.telegram.world import IN_CHARGE, Chat, Message, World


@dataclass
class Simulator:
    """Changes go through `push` (the bot hears of it) and `changed` (the page and the state file do)."""

    token: str
    world: World
    inbox: Inbox
    courier: Courier
    poller: Poller
    limits: Limits = field(default_factory=Limits)
    faults: Faults = field(default_factory=Faults)
    calls: CallLog = field(default_factory=CallLog)
    queries: Queries = field(default_factory=Queries)
    events: Events = field(default_factory=Events)
    contents: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def over(cls, token: str, world: World, inbox: Inbox, answer: Answer, switches: Switches) -> Self:
        """Put a simulator together over a world and an inbox, fresh or read back from the disk."""
        events = Events()
        courier = Courier(inbox, switches, answer, changed=lambda: events.publish("webhook"))
        return cls(token, world, inbox, courier, Poller(inbox), events=events)

    @property
    def bot_id(self) -> int:
        return self.world.bot_id

    def push(self, kind: str, chat_id: int, payload: dict[str, Any]) -> int | None:
        """Queue an update for the bot and return its id, or None when the bot did not ask for such updates."""
        update = self.inbox.add(kind, chat_id, payload)
        self.changed(chat_id)
        if update is None:
            return None
        self.courier.take(update)
        self.poller.notice()
        return update.update_id

    def push_message(self, message: Message, *, edited: bool = False) -> int | None:
        kind = "edited_message" if edited else "message"
        return self.push(kind, message.chat_id, wire.message(self.world, message))

    def changed(self, chat_id: int | None = None) -> None:
        self.events.publish("chat", chat_id)

    def bot_is_in_charge(self, chat: Chat) -> bool:
        return chat.status_of(self.bot_id) in IN_CHARGE

    def drop_pending(self) -> None:
        self.inbox.pending.clear()
        self.changed()


def now() -> int:
    """Telegram's clock: whole seconds since 1970."""
    return int(time.time())
