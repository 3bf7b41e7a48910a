"""What a client's message is, by rules that are certain or silent; silence means it needs an answer (S2).

Every rule looks at the same set of words, so that a message costs one walk over its text, whatever the number of rules.
`make eval` measures them on the labelled phrases of `tests/data`; a phrase that they get wrong belongs there first.
"""

import re
from typing import Literal, NamedTuple

Class = Literal["request", "clarification", "gratitude", "spam"]


class Verdict(NamedTuple):
    """A class, and whether the rules are certain of it; what they are not certain of is a request."""

    kind: Class
    is_certain: bool


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Somebody wants something: one such word is enough.
_ASKING = _words("""
    где когда сколько скока как какой какая какие какое каком каким почему зачем куда откуда кто кому чей что чего
    чему можно можем могу можете возможно нужен нужна нужно нужны надо необходимо требуется прошу просим просит
    просят просьба хочу хотим хотела хотел хотели хотелось интересует вопрос вопросы вопросик подскажи напомни
    пришли скинь вышли сделай отправь плиз плз пож пожалуйста срочно жду ждем ждут ждать актуально напоминаю
    повторно опять неужели давайте уточнить обсудить созвониться здравствуйте здравствуй приветствую привет добрый
    доброе
    where when how why what which who whose can could would should please need needs want waiting help asap urgent
    any update call send resend issue hello hi hey
""")
# Something is wrong, and the firm should know of it.
_AMISS = _words("""
    ошибка ошибки ошибку ошиблись неверно неверная неверный неправильно неправильный неправильная штраф штрафа
    штрафы пени недоимка недоимку арест ареста блокировка заблокировала заблокировали заблокирован заблокировал
    требование требования требованию налоговая налоговой налоговую фнс проверка проверку проверки банк банка банку
    письмо тишина плохо безобразие ужас кошмар обещали обещал обещала ответили ответил ответила жалоба жалуется
    жалоб недоволен недовольна устраивает смущает непонятно проблема проблемы проблему нарушение суд претензия
    претензию увольняется
    wrong mistake error fine penalty blocked rejected nobody unacceptable problem complaint waiting failed tax bank
""")
# Only together are they a complaint: «больничного не было».
_DENIALS = _words("не нет ни нету not no never don doesn didn isn")
_FAILING = _words("""
    пришел пришла пришло пришли работает работают открывается открываются проходит прошел прошла прошло получили
    получил получила получается могу можем понимаю сходится подписал понятно вижу видим берет берут дошел дошла
    доплатили перечислили сделали сдали отвечает отвечают отправили устраивает та тот то наш наша забудьте
    work works open received answered
""")
# Words that thank, confirm or wish by themselves …
_EMPTY = _words("""
    спасибо спс спасибки спасибочки спасиб пасиб пасибо благодарю благодарим благодарна благодарен признателен
    признательна ок окей окк оки хорошо хорош ладно ладненько понял поняла понятно понятненько принято
    приняла принял приняли ясно ясненько ага угу добро договорились получила получил увидела увидел
    согласна согласен согласны верно ознакомлена ознакомлен взаимно отлично супер класс здорово прекрасно
    замечательно чудесно идеально круто огонь молодцы молодец умницы умница волшебники лучшие лучшая лучший золото
    хорошего хороших приятного праздником праздниками наступающим новым рождением рождения поздравляю поздравляем
    рождеством выходных свидания
    okay ok k thanks thank thx ty tnx great perfect got noted super happy cheers appreciated understood received
    merry good nice cool clear sure
""")
# … and those that may stand beside them, and mean nothing alone.
_BESIDE = _words("""
    большое огромное огромнейшее человеческое преогромное вам вас вы тебе тебя ты вами ваш ваша вашу за помощь все
    очень есть да и с со еще ну так это вот как же здравствуйте привет добрый доброе утро день девушки какие такие
    уже всегда премного всей команде коллеги друзья девочки дорогие оперативность ответ быстрый быстро скорый
    подробный подробное объяснение разъяснение разъяснения сотрудничество внимание понимание терпение работу труд
    поддержку оперативный информацию консультацию выручили помогли пришло пришли решен решено решили разобрались
    поняли получили увидели
    разобралась разобрался сами сам сама теперь вопрос нас меня мы я будем буду знать учтем учту учла учел на
    будущее высоте без проблем хлопот годом новый днем дня вечера утра ночи праздник праздника недели пути удачи
    счастья здоровья успехов благ доброго добрых хорошего хороших отличного отличных прекрасных прекрасного
    приятного приятных бухгалтера бухгалтеров до сердца души всего всех самые самая самый была было были просто
    марта мая января июня февраля 8 1 9 23 12
    you very much so a lot for your the help all it fine quick fast reply now is are many to team have weekend day
    new year christmas from both of us sounds works and
""")
_NAMES = _words("""
    оля ольга оленька ольге олечка аня анна анечка маша мария машенька лена елена леночка катя екатерина катюша
    наташа наталья света светлана ира ирина таня татьяна юля юлия настя анастасия даша дарья ксения ксюша марина
    людмила люда галина галя вера надежда надя любовь люба валентина валя оксана алла алина полина виктория вика
    евгения женя александр александра саша алексей леша дмитрий дима андрей сергей сережа иван ваня михаил миша
    николай коля петр петя павел паша максим роман рома владимир вова игорь олег антон илья никита артем денис
    кирилл виктор юрий
    olga anna maria elena ivan peter alex
""")
_PATRONYMIC = ("овна", "евна", "ична", "ович", "евич")
# Thanks as they are mistyped, and sayings whose words mean something else elsewhere.
_MISTYPED = re.compile(r"сп\w?с\w?и?б\w{0,8}|хор\w?шо|благодар\w{1,4}")
_MAY_BE_MISTYPED = ("сп", "хор", "благ")
_SAYINGS = frozenset(map(_words, ("не за что", "пожалуйста", "всего доброго", "ок жду", "хорошо жду", "хорошо ждем")))
_SETTLED = _words("решен решено закрыт снят решили")
# The client tells, sends or names something: it has to be looked at, and asks for nothing more.
_TELLING = _words("""
    отправила отправил отправили отправлено отправляла отправлял отправляю отправлю отпривила скинула скинул скинули
    скину переслала переслал переслали пересылаю подписала подписал подписали подписано оплатила оплатил оплатили
    оплачен оплачено оплачены оплатим оплачу перевела перевел перевели загрузила загрузил загрузили выгрузила
    выгрузил выгрузили приложила приложил приложили прикладываю прилагаю высылаю выслала выслал выслали вышлю
    направляю направила направил направили направлю пришлю пришлем напишу уточню передам передала передал передали
    написала заполнила заполнил внесла вложении вложением прикрепила прикрепил прикрепляю довезу привезу донесу
    attached sent paid signed uploaded forwarded
""")
# What an answer to the firm's own question is made of.
_NAMING = _words("""
    я на за инн кпп огрн огрнип бик снилс окпо октмо кбк р с рс к руб рублей тыс тысяч шт штук номер от до по
    паспорт серия договор договору договора акт счет накладная выписка чек чеки год года г д ул дом оф офис кв
    москва почта тел телефон января февраля марта апреля мая июня июля августа сентября октября ноября декабря
    январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь ооо ип оао зао ао усн осно
    патент доходы расходы это вот наш наша оклад касса день назначение аренда офиса директор поставщик поставщика
    услуги сбербанк сбер тинькофф альфа втб два три четыре пять сотрудника сотрудников
    pdf doc docx xls xlsx jpg zip inn invoice eur usd rub no yes it is for this that here the from april may june
    july march january february august september october november december
""")
_REQUISITES = _words("инн кпп огрн бик снилс назначение паспорт кбк октмо")
_ABSENT = _words(
    "премий премии больничного больничных изменений отпусков командировок операций оборота оборотов движений"
)
_NONE = _words("нет было")
_TELLS_FIRST = ("нет", "да", "это", "вот", "no", "yes", "here")
# No two repetitions side by side that take the same signs: whoever writes the text must not decide how long this takes.
_ADDRESS = re.compile(r"\s*(?:https?://|www\.)\S+\s*|(?:[^\s@]*[:\s]\s*)?[\w.+-]+@[\w-]+\.[\w.]+\s*", re.IGNORECASE)
# What strangers write to everybody. One word more of the trade makes it certain, one of ours makes it doubtful.
_ADVERTS = _words("""
    заработок заработка зарабатывать зарабатывай казино крипту крипта крипте инвестируй обнал интим подписчики
    букмекер эскорт выиграйте прогнозы
    usdt casino crypto airdrop followers earn passive
""")
_TRADE = _words("""
    лс личку пассивный вложений подробности подробностями бонус депозит подпишись подпишитесь жми переходи удаленку
    раскрутка верификации гарантия проходимостью
    dm signals bonus click join wallet likes
""")
_OURS = _words("""
    налог налоги налога ндс ндфл усн енс енп счет счета счете акт акта акты декларация декларацию декларации отчет
    отчета отчетность зарплата зарплату зарплаты договор договора справка справку платежка платежку накладная
    выписка бухгалтер ип квартал отправила отправил отправили
    tax vat invoice report statement
""")

# Signs that acknowledge by themselves, and those that only accompany words. Any other sign may be a complaint.
_QUIET_SIGNS = frozenset("+👍👌🙏❤🤝🎉💐🌹🌷😊🙂☺✅✔👏💪🥳😀😃😄😁😂🤣🔥😍🥰😘✨💯🎄🎁🎊")
_PUNCTUATION = frozenset(".,!:;()-–—\"'«»*️‍🏻🏼🏽🏾🏿 \n\t")
_FULL_NAME = 3
_WORD = re.compile(r"\w+")
_IMPERATIVE = ("ите", "йте", "ьте", "итесь", "йтесь")
_NO_COMMAND = _words("извините простите здравствуйте здраствуйте выходите")

_REQUEST, _UNSURE = Verdict("request", is_certain=True), Verdict("request", is_certain=False)
_CLARIFICATION = Verdict("clarification", is_certain=True)
_GRATITUDE, _SPAM = Verdict("gratitude", is_certain=True), Verdict("spam", is_certain=True)


def classify(text: str | None) -> Verdict:
    """Return what a message is by its words; one without any, such as a voice message, is a request."""
    if not text or "?" in text:
        return _REQUEST
    lowered = text.lower().replace("ё", "е")
    listed = _WORD.findall(lowered)
    words = frozenset(listed)
    if _says_nothing(words, text):
        return _GRATITUDE
    if not words.isdisjoint(_ADVERTS):
        return _SPAM if not words.isdisjoint(_TRADE) and words.isdisjoint(_OURS) else _UNSURE
    if _wants(words):
        return _REQUEST
    return _CLARIFICATION if listed and _tells(words, listed, text) else _UNSURE


def _says_nothing(words: frozenset[str], text: str) -> bool:
    """Thanks, acknowledgements, wishes, and nothing else."""
    others = words - _EMPTY
    if len(others) == len(words) and words:
        others = frozenset(
            word for word in words if not (word.startswith(_MAY_BE_MISTYPED) and _MISTYPED.fullmatch(word))
        )
        if len(others) == len(words):
            return words in _SAYINGS
    others = others - _BESIDE
    if not all(word in _NAMES or word.endswith(_PATRONYMIC) or _MISTYPED.fullmatch(word) for word in others):
        return words in _SAYINGS
    if "вопрос" in words and words.isdisjoint(_SETTLED):
        return False
    signs = set(_WORD.sub("", text)) - _PUNCTUATION
    return signs <= _QUIET_SIGNS and bool(words or signs or (")" in text and "(" not in text))


def _wants(words: frozenset[str]) -> bool:
    return (
        not words.isdisjoint(_ASKING)
        or not words.isdisjoint(_AMISS)
        or (not words.isdisjoint(_DENIALS) and not words.isdisjoint(_FAILING))
        or any(word.endswith(_IMPERATIVE) and word not in _NO_COMMAND for word in words)
    )


def _tells(words: frozenset[str], listed: list[str], text: str) -> bool:
    if not words.isdisjoint(_TELLING) or listed[0] in _TELLS_FIRST or _ADDRESS.fullmatch(text):
        return True
    if len(listed) == 1 and len(listed[0]) == 1:
        return False
    if len(listed) == _FULL_NAME and listed[-1].endswith(_PATRONYMIC):
        return True
    has_number = any(word.isdigit() for word in words)
    return (
        all(word in _NAMING or _is_code(word) for word in words)
        or (has_number and not words.isdisjoint(_REQUISITES))
        or (not words.isdisjoint(_ABSENT) and not words.isdisjoint(_NONE))
    )


def _is_code(word: str) -> bool:
    """«7712345678», «GB123456789», but not «olga_buh»."""
    return not word.isalpha() and "_" not in word
