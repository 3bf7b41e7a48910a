"""Words of what became of a chat."""

from bot.messages.windows import TITLE, MessageFacts, quoted


def notice(facts: MessageFacts) -> str:
    """Return what the chat's owner has to know: nobody watches it any more, and what brings that back."""
    return (
        f"Бот удалён из чата «{quoted(facts.chat_name or 'без названия', TITLE)}»."
        " Ответы клиентам там больше не отслеживаются."
        " Чтобы вернуть наблюдение, добавьте бота в чат снова."
    )
