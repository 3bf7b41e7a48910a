"""The world at first start: the demo firm, whose people and chats are those of supabase/seed.sql."""

from infra.local.telegram.world import Chat, Person, World

_STAFF = (
    (1001, "Ирина", "Соколова", "irina_sokolova", "администратор"),
    (1002, "Пётр", "Волков", "petr_volkov", "менеджер"),
    (1003, "Ольга", "Петрова", "olga_petrova", "бухгалтер"),
    (1004, "Иван", "Кузнецов", "ivan_kuznetsov", "бухгалтер"),
    (1005, "Мария", "Орлова", "maria_orlova", "наблюдатель"),
)
_CLIENTS = (
    (2001, "Анна", "Иванова", "anna_ivanova"),
    (2002, "Борис", "Ромашкин", "boris_romashkin"),
    (2003, "Вера", "Лебедева", "vera_lebedeva"),
    (2004, "Григорий", "Ночной", "grigory_nochnoy"),
)
_GROUPS = (
    (-1001000000001, "ООО Ромашка", (2001, 2002)),
    (-1001000000002, "ИП Лебедева", (2003,)),
    (-1001000000003, "ООО Круглосуточно", (2004,)),
)


def demo_world(bot_id: int) -> World:
    """Everybody of the firm is in every group and has started the bot; clients have not."""
    bot = Person(id=bot_id, first_name="БухБот", username="buhbot_local_bot", is_bot=True, language_code=None)
    people = {bot_id: bot}
    for number, first, last, username, role in _STAFF:
        person = Person(id=number, first_name=first, last_name=last, username=username, role=role, started=True)
        people[number] = person
    for number, first, last, username in _CLIENTS:
        people[number] = Person(id=number, first_name=first, last_name=last, username=username, role="клиент")
    world = World(bot_id=bot_id, people=people)
    for chat_id, title, clients in _GROUPS:
        group = Chat(id=chat_id, type="supergroup", title=title)
        group.members = {1001: "creator", bot_id: "administrator"}
        group.members |= dict.fromkeys((*(number for number, *_ in _STAFF[1:]), *clients), "member")
        world.chats[chat_id] = group
    for number, *_ in (*_STAFF, *_CLIENTS):
        world.chat(number)
    return world
