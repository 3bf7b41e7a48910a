"""Words for whoever is called by a client."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from bot.messages.quoting import TITLE, quoted
from bot.messages.times import moment
from infra.words import _


class CallFacts(BaseModel):
    """A call, as `private.call_facts` describes it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    chat_name: str
    chat_url: str | None
    called_at: datetime
    asks_since: datetime | None
    timezone: str


def call(facts: CallFacts, now: datetime) -> str:
    """Return who is wanted where, and for how long somebody has been waiting there."""
    name = f"<b>{quoted(facts.chat_name, TITLE)}</b>"
    # The address is ours, made of numbers alone.
    chat = f'<a href="{facts.chat_url}">{name}</a>' if facts.chat_url else name
    lines = [
        _("🔔 {chat}: клиент зовёт бухгалтера, {moment}.").format(
            chat=chat, moment=moment(facts.called_at, now, facts.timezone)
        )
    ]
    if facts.asks_since:
        lines.append(_("Вопрос без ответа: {moment}.").format(moment=moment(facts.asks_since, now, facts.timezone)))
    return "\n".join(lines)
