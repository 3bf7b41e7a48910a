"""A working day in six client chats: who writes what, in minutes since the office opened."""

from typing import NamedTuple

DAY_MINUTES = 540
OLGA, IVAN, ELENA = 1003, 1004, 1006


class Person(NamedTuple):
    """A person of Telegram, as the simulator makes one."""

    id: int
    first_name: str
    last_name: str
    role: str


class Group(NamedTuple):
    """A client's chat: who asks there and who answers."""

    id: int
    title: str
    client: int
    accountant: int


class Line(NamedTuple):
    """Something written: when, by whom, where."""

    minute: int
    user_id: int
    chat_id: int
    text: str


PEOPLE = (
    Person(ELENA, "Елена", "Морозова", "бухгалтер"),
    Person(2011, "Дарья", "Северова", "клиент"),
    Person(2012, "Егор", "Жуков", "клиент"),
    Person(2013, "Жанна", "Кедрова", "клиент"),
    Person(2014, "Зинаида", "Заречная", "клиент"),
    Person(2015, "Игнат", "Поваров", "клиент"),
    Person(2016, "Клара", "Зубова", "клиент"),
)
GROUPS = (
    Group(-1001000000011, "ООО Север", 2011, OLGA),
    Group(-1001000000012, "ИП Жуков", 2012, OLGA),
    Group(-1001000000013, "ООО Кедр", 2013, IVAN),
    Group(-1001000000014, "АО Заря", 2014, IVAN),
    Group(-1001000000015, "Кафе Уют", 2015, ELENA),
    Group(-1001000000016, "Стоматология Улыбка", 2016, ELENA),
)
# What is asked, and what is answered. Every chat goes through them from another place on.
EXCHANGES = (
    ("Доброе утро. Когда будет готов акт сверки с поставщиком?", "Здравствуйте. Акт отправлю до обеда."),
    ("Пришло требование из налоговой, что делать?", "Пришлите скан, срок ответа пять дней. Подготовим сегодня."),
    ("Сколько платить НДФЛ за октябрь?", "18 460 рублей, платёжка в вашем банке на подписи."),
    ("Нужна справка о доходах для Петрова", "Справка готова, отправила на почту."),
    ("Выставьте, пожалуйста, счёт на 120 тысяч ООО Вектор", "Счёт выставлен, номер 214."),
    ("Можно ли принять к вычету НДС по этому счёту-фактуре?", "Можно, счёт-фактура оформлена верно."),
    ("Когда зарплата? Сотрудники спрашивают", "Реестр ушёл в банк, деньги придут сегодня."),
    ("У нас новый сотрудник с понедельника, что нужно?", "Паспорт, СНИЛС, ИНН и заявление. Договор подготовлю."),
    ("Контрагент просит УПД за сентябрь второй раз", "Отправила УПД через ЭДО ещё раз."),
    ("Жду ответа по поводу патента", "Патент выгоднее, расчёт прислала файлом."),
    ("Заблокировали счёт, срочно нужна помощь", "Решение снято, банк разблокирует в течение часа."),
)
THANKS = ("Спасибо!", "Спасибо большое", "Хорошо, спасибо", "👍", "Принято")
# Minutes until the answer, in turn: most in time, one just so, one late.
WAITS = (7, 18, 35, 12, 52, 26, 84)
TARGET_MINUTES = 60
# What clients write while they wait longer, and the chat and number of the question that nobody answers at all.
NUDGES = ((20, "Подскажите, пожалуйста"), (45, "Жду ответа"))
UNANSWERED = (-1001000000016, len(EXCHANGES) - 1)
# The eve of a holiday, just before the office closes: due after the holiday.
LAST_QUESTIONS = (
    Line(DAY_MINUTES - 2, 2011, -1001000000011, "Успеваем сдать отчёт до праздника?"),
    Line(DAY_MINUTES - 1, 2013, -1001000000013, "И ещё: премии к празднику уже начислили?"),
)


def exchanges() -> list[list[Line]]:
    """Return the day as question, answer and thanks together, in the order of the questions: 200 lines in all."""
    told = [_exchange(group, turn, number) for turn, group in enumerate(GROUPS) for number in range(len(EXCHANGES))]
    return [*sorted(told), *([line] for line in LAST_QUESTIONS)]


def _exchange(group: Group, turn: int, number: int) -> list[Line]:
    question, answer = EXCHANGES[(number + 2 * turn) % len(EXCHANGES)]
    wait = WAITS[(number + turn) % len(WAITS)]
    asked = number * 40 + turn * 6

    def by(user_id: int, after: int, text: str) -> Line:
        return Line(asked + after, user_id, group.id, text)

    if (group.id, number) == UNANSWERED:
        return [by(group.client, 0, question), *(by(group.client, after, text) for after, text in NUDGES)]
    answered = by(group.accountant, wait, answer)
    if wait > TARGET_MINUTES:
        after, nudge = NUDGES[1]
        return [by(group.client, 0, question), by(group.client, after, nudge), answered]
    thanks = by(group.client, wait + 1, THANKS[(number + turn) % len(THANKS)])
    return [by(group.client, 0, question), answered, thanks]
