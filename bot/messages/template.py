"""Words of ready texts: which there are, where one may be sent, and what the client would read."""

from uuid import UUID

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages import buttons as verbs
from bot.messages.buttons import Buttons, numbered
from bot.messages.paging import Page, turning
from bot.messages.queue import Chats, standing
from bot.messages.quoting import LISTED_TITLE, TITLE, quoted, verbatim
from infra.words import _

Screen = tuple[str, InlineKeyboardMarkup | None]

_BUTTON_TITLE = 60
# Telegram takes 4096 characters, the heading included; the client gets all of it.
_SHOWN = 3800


class Template(BaseModel):
    """A ready text in a list."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    category: str
    title: str


class Templates(Page):
    """Ready texts, as `api.staff_templates` gives them."""

    words: str
    total: int
    templates: list[Template]


class Preview(BaseModel):
    """What a chat would read, as `api.preview_template` gives it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    template: UUID
    chat: UUID
    title: str
    chat_name: str
    text: str


class Sent(BaseModel):
    """What became of it, as `api.send_template` says."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    outcome: str
    chat_name: str


def templates(found: Templates, buttons: Buttons, chat: UUID | None = None) -> Screen:
    """Return the ready texts to choose from; with a chat, each leads to its preview there."""
    if not found.total:
        return _nothing(found.words), None
    rows = [[_choice(one, buttons, chat)] for one in found.templates]
    # With a chat in its buttons a list has no pages: it holds the eight that are used most.
    rows.append([] if chat else turning(found, verbs.TEMPLATES, buttons))
    head = _("Какой текст отправить?")
    hint = _("Поиск — словом после команды: <code>/template акт</code>")
    return f"{head}\n{hint}", InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def destinations(found: Chats, buttons: Buttons) -> Screen:
    """Return the chats that a template may be sent to, those with a wait first."""
    if not found.total or found.template is None:
        return _("За вами пока нет чатов. Их назначает руководитель."), None
    rows = [
        [
            InlineKeyboardButton(
                text=f"{standing(chat)} {chat.chat_name[:_BUTTON_TITLE]}",
                callback_data=buttons.pack(verbs.TEMPLATE_PREVIEW, found.template, chat.id),
            )
        ]
        for chat in found.chats
    ]
    beside = [(found.page - 1, _("‹ Назад")), (found.page + 1, _("Дальше ›"))]
    rows.append(
        [
            InlineKeyboardButton(
                text=text, callback_data=buttons.pack(verbs.TEMPLATE_CHATS, found.template, numbered(number))
            )
            for number, text in beside
            if 0 <= number < found.pages
        ]
    )
    text = _("«{title}». В какой чат?").format(title=quoted(found.title or "", TITLE))
    return text, InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def preview(shown: Preview, buttons: Buttons) -> Screen:
    """Return what the client would read, and the button that sends exactly that."""
    head = _("В чат <b>{chat}</b> уйдёт от вашего имени:").format(chat=quoted(shown.chat_name, TITLE))
    rows = [
        [
            InlineKeyboardButton(
                text=_("Отправить"), callback_data=buttons.pack(verbs.TEMPLATE_SEND, shown.template, shown.chat)
            )
        ],
        [
            InlineKeyboardButton(
                text=_("Выбрать другой чат"),
                callback_data=buttons.pack(verbs.TEMPLATE_CHATS, shown.template, numbered(0)),
            )
        ],
    ]
    return f"{head}\n\n<blockquote>{verbatim(shown.text, _SHOWN)}</blockquote>", InlineKeyboardMarkup(
        inline_keyboard=rows
    )


def sent(result: Sent) -> str:
    """Return what the preview becomes once it is on its way."""
    chat = quoted(result.chat_name, LISTED_TITLE)
    return _("✅ Отправляю в чат <b>{chat}</b>. Обращение закроется, когда Telegram примет сообщение.").format(
        chat=chat
    )


def _nothing(words: str) -> str:
    if words:
        return _("По словам «{words}» ничего не нашлось.").format(words=quoted(words, TITLE))
    return _("Готовых текстов пока нет. Их добавляет руководитель в панели.")


def _choice(one: Template, buttons: Buttons, chat: UUID | None) -> InlineKeyboardButton:
    verb, other = (verbs.TEMPLATE_PREVIEW, chat) if chat else (verbs.TEMPLATE_CHATS, numbered(0))
    text = f"{one.category} · {one.title}"
    return InlineKeyboardButton(text=text[:_BUTTON_TITLE], callback_data=buttons.pack(verb, one.id, other))
