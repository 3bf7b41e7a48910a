"""Words of the digest: who waits in several chats, at opening or when alerts were held back."""

from itertools import groupby

from bot.messages.quoting import LISTED_NAME, LISTED_PHRASE, LISTED_TITLE, quoted
from bot.messages.windows import MessageFacts, WindowFacts, ending, holder, mark, phrase, rest, wait
from infra.words import _, number


def digest(facts: MessageFacts) -> str:
    """Return the waits of several chats as Telegram HTML, those of one chat together."""
    if not facts.waiting:
        lines = [_("✅ <b>Больше никто не ждёт ответа</b>"), "", *map(_closed, facts.closed_windows)]
        return "\n".join([*lines, *rest(facts.closed, len(facts.closed_windows))]).rstrip()
    waiting = facts.waiting_windows
    lines = [_("🕘 <b>Ждут ответа: {n}</b>").format(n=number(facts.waiting)), ""]
    for _chat_name, windows in groupby(_together(waiting), key=_chat):
        lines += _of_chat(list(windows))
    lines += rest(facts.waiting, len(waiting))
    if facts.closed:
        lines += ["", _("✅ Больше не ждут: {n}").format(n=number(facts.closed))]
    return "\n".join(lines)


def _together(waiting: list[WindowFacts]) -> list[WindowFacts]:
    """Bring windows of one chat together; chats stay in the order of their longest wait."""
    chats = list(dict.fromkeys(map(_chat, waiting)))
    return sorted(waiting, key=lambda window: chats.index(_chat(window)))


def _chat(window: WindowFacts) -> str:
    return window.chat_name


def _of_chat(windows: list[WindowFacts]) -> list[str]:
    if len(windows) == 1:
        return [f"{mark(windows[0])} {_name(windows[0])} — {_line(windows[0])}"]
    return [_name(windows[0]), *(f"    {mark(window)} {_line(window)}" for window in windows)]


def _name(window: WindowFacts) -> str:
    name = f"<b>{quoted(window.chat_name, LISTED_TITLE)}</b>"
    # The address is ours, made of numbers alone.
    return f'<a href="{window.chat_url}">{name}</a>' if window.chat_url else name


def _line(window: WindowFacts) -> str:
    return f"{wait(window)}: {phrase(window, LISTED_PHRASE)}{holder(window)}"


def _closed(window: WindowFacts) -> str:
    return f"<b>{quoted(window.chat_name, LISTED_TITLE)}</b>: {ending(window, LISTED_NAME)}"
