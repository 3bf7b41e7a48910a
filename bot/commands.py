"""The commands of the bot: what each is for, whom it is for, and where."""

from typing import Literal, NamedTuple

from bot.identity import Role
from infra.words import N_

Scope = Literal["private", "group"]

MANAGERS: tuple[Role, ...] = ("admin", "manager")
STAFF: tuple[Role, ...] = (*MANAGERS, "accountant")


class Command(NamedTuple):
    """One command. Without roles it is everybody's; where it is listed, it also works."""

    name: str
    what: str
    scopes: tuple[Scope, ...]
    roles: tuple[Role, ...] = ()


# In the order in which people read them in Telegram's menu.
COMMANDS = (
    Command("queue", N_("Кто ждёт ответа, ближайший срок первым"), ("private",), STAFF),
    Command("mychats", N_("Мои чаты"), ("private",), STAFF),
    Command("mystats", N_("Мои показатели"), ("private",), STAFF),
    Command("template", N_("Ответить готовым текстом"), ("private",), STAFF),
    Command("faq", N_("Частые вопросы и ответы"), ("private",), STAFF),
    Command("absence", N_("Отпуск, болезнь и кто замещает"), ("private",), STAFF),
    Command("notifications", N_("О чём и когда мне писать"), ("private",), STAFF),
    Command("newchat", N_("Подключить чат клиента"), ("private",), MANAGERS),
    Command("digest", N_("Сводка: кто ждёт прямо сейчас"), ("private",), MANAGERS),
    Command("diagnose", N_("Проверить, всё ли готово в этом чате"), ("group",), MANAGERS),
    Command("info", N_("Состояние системы"), ("private",), ("admin",)),
    Command("menu", N_("Позвать бухгалтера, мои обращения, заказать документ, оценить работу"), ("private", "group")),
    Command("language", N_("На каком языке мне писать"), ("private",)),
    Command("help", N_("Что умеет бот"), ("private", "group")),
)


def listed(role: Role | None, scope: Scope) -> list[Command]:
    """Return what a role is offered in a scope; without a role, what everybody is."""
    return [command for command in COMMANDS if scope in command.scopes and (not command.roles or role in command.roles)]
