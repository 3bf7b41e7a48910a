"""What went wrong, in words: the one place where failures and the database's keys become sentences."""

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.response import Redirect, Template
from litestar.types import ExceptionHandlersMap
from redis.exceptions import RedisError

from admin.next_page import login_address, page_of
from admin.people import SignInNeeded
from admin.rule_refusals import RULES
from admin.survey_refusals import SURVEYS
from admin.throttling import headers
from admin.times import pause
from admin.tokens import AuthUnavailable
from infra.supabase import Refused, Unavailable
from infra.throttling import TooOften
from infra.words import N_, _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A heading and what the person can do about it."""

    title: str
    advice: str


# Reasons that the database gives (`raise exception '<key>'`), as far as a page of the admin can meet them.
KEYS: dict[str, Sentence] = {
    "not_allowed": Sentence(N_("Недостаточно прав"), N_("Это действие недоступно для вашей роли.")),
    "unknown_person": Sentence(
        N_("Сотрудник не найден"), N_("Такого сотрудника нет: возможно, его удалили. Обновите страницу.")
    ),
    "role_is_unknown": Sentence(N_("Роль не найдена"), N_("Выберите роль из списка.")),
    "last_admin": Sentence(
        N_("Последний администратор"), N_("Это последний администратор. Сначала дайте эту роль ещё кому-нибудь.")
    ),
    "invitation_unknown": Sentence(
        N_("Приглашение не найдено"), N_("Ссылка неполная или с опечаткой. Откройте её ещё раз или попросите новую.")
    ),
    "invitation_used": Sentence(
        N_("Приглашение уже использовано"), N_("По этой ссылке уже вошли. Войдите с почтой и паролем.")
    ),
    "invitation_revoked": Sentence(
        N_("Приглашение отозвано"), N_("Эта ссылка больше не действует. Попросите прислать новую.")
    ),
    "invitation_expired": Sentence(
        N_("Срок приглашения истёк"), N_("Ссылка действовала 7 дней. Попросите прислать новую.")
    ),
    "invitations_are_not_a_list": Sentence(N_("Список пуст"), N_("Вставьте хотя бы одну строку или выберите файл.")),
    "too_many_invitations": Sentence(
        N_("Слишком длинный список"), N_("За один раз приглашайте не больше 500 человек.")
    ),
    "telegram_already_linked": Sentence(
        N_("Telegram уже привязан"), N_("Чтобы привязать другой аккаунт, сначала отвяжите прежний.")
    ),
    "unknown_request": Sentence(N_("Обращение не найдено"), N_("Возможно, ссылка устарела или в ней опечатка.")),
    "message_too_old": Sentence(
        N_("Сообщение слишком старое"), N_("Ему больше двух суток: ждать ответа по нему уже не начать.")
    ),
    "request_already_closed": Sentence(
        N_("Клиент уже не ждёт ответа"), N_("Это обращение закрыто: обновите страницу.")
    ),
    "unknown_alert": Sentence(N_("Оповещение не найдено"), N_("Такого оповещения больше нет: обновите страницу.")),
    "alert_already_resolved": Sentence(N_("Оповещение уже закрыто"), N_("Его закрыли раньше вас: обновите страницу.")),
    "template_has_a_category": Sentence(N_("Категория не подходит"), N_("Напишите категорию: от 1 до 100 знаков.")),
    "template_has_a_title": Sentence(N_("Название не подходит"), N_("Напишите название: от 1 до 200 знаков.")),
    "template_fits_one_message": Sentence(
        N_("Текст не подходит"), N_("Напишите текст: от 1 до 4096 знаков, столько вмещает одно сообщение.")
    ),
    "template_is_unfinished": Sentence(
        N_("Незнакомая переменная"),
        N_("В фигурных скобках стоит незнакомая переменная: такой текст клиенту не отправить."),
    ),
    "unknown_faq_item": Sentence(N_("Вопрос не найден"), N_("Такого вопроса больше нет: обновите страницу.")),
    "question_is_written": Sentence(N_("Вопрос не подходит"), N_("Напишите вопрос: от 1 до 500 знаков.")),
    "answer_fits_one_message": Sentence(
        N_("Ответ не подходит"), N_("Напишите ответ: от 1 до 4096 знаков, столько вмещает одно сообщение.")
    ),
    "keywords_are_words": Sentence(N_("Ключевые слова не подходят"), N_("Пишите по одному слову в строке.")),
    "firm_name_is_written": Sentence(N_("Название не подходит"), N_("Напишите название фирмы: от 1 до 200 знаков.")),
    "silence_is_counted_in_days": Sentence(N_("Число дней не подходит"), N_("Укажите от 1 до 365 дней.")),
    "retention_is_counted_in_years": Sentence(
        N_("Срок хранения не подходит"), N_("Укажите от 1 до 100 лет или оставьте поле пустым.")
    ),
    "settings_default_schedule_id_fkey": Sentence(N_("График не найден"), N_("Выберите график из списка.")),
    "settings_default_policy_id_fkey": Sentence(N_("Политика не найдена"), N_("Выберите политику из списка.")),
    "settings_head_id_fkey": Sentence(N_("Сотрудник не найден"), N_("Выберите руководителя из списка.")),
    "unknown_error": Sentence(N_("Ошибка не найдена"), N_("Такой записи больше нет: обновите страницу.")),
    "message_not_failed": Sentence(
        N_("Отправлять снова не нужно"), N_("Это сообщение уже ушло или снова в очереди: обновите страницу.")
    ),
    "client_not_found": Sentence(N_("Клиент не найден"), N_("Возможно, ссылка устарела или в ней опечатка.")),
    **{key: Sentence(*words) for key, words in (RULES | SURVEYS).items()},
    "unknown_chat": Sentence(N_("Чат не найден"), N_("Возможно, ссылка устарела или в ней опечатка.")),
    "unknown_policy": Sentence(N_("Политика не найдена"), N_("Обновите страницу и выберите ещё раз.")),
    "unknown_schedule": Sentence(N_("График не найден"), N_("Обновите страницу и выберите ещё раз.")),
    "owner_is_not_in_team": Sentence(
        N_("Не из вашей команды"), N_("Этому сотруднику вы не можете передать чат: он не из вашей команды.")
    ),
    "nobody_would_be_told": Sentence(
        N_("Некому сообщить о просрочке"),
        N_("Включить нельзя: никто не узнает о просрочке. Пусть ответственный или руководитель привяжет Telegram."),
    ),
    "chat_is_not_connected": Sentence(
        N_("Чат не подключён"), N_("Измерять можно только подключённый чат, в котором есть бот.")
    ),
    "chat_already_connected": Sentence(N_("Чат уже подключён"), N_("Его подключили раньше. Обновите страницу.")),
    "chat_link_is_over": Sentence(N_("Ссылка больше не действует"), N_("Ею воспользовались или её срок истёк.")),
    "chat_name_is_wrong": Sentence(
        N_("Название не подходит"), N_("Напишите название группы: до 300 знаков в одну строку.")
    ),
    "client_name_is_wrong": Sentence(
        N_("Название не подходит"), N_("Напишите название: от 1 до 300 знаков в одну строку.")
    ),
    "client_name_is_taken": Sentence(
        N_("Такой клиент уже есть"), N_("Клиент с таким названием уже есть. Выберите другое.")
    ),
    "tier_is_unknown": Sentence(N_("Уровень не найден"), N_("Выберите уровень из списка.")),
    "segment_name_is_wrong": Sentence(
        N_("Сегмент не подходит"), N_("Не больше 20 сегментов, в каждом названии до 200 знаков.")
    ),
    "segment_is_of_others": Sentence(
        N_("Такой сегмент есть у другой команды"),
        N_("Сегмент с таким названием завела другая команда. Назовите свой иначе."),
    ),
    "list_is_empty": Sentence(N_("Файл пуст"), N_("В файле нет ни одной строки с чатом или клиентом.")),
    "list_is_too_long": Sentence(N_("Слишком длинный список"), N_("За один раз загружайте не больше 5000 строк.")),
    "unknown_task": Sentence(N_("Задание не найдено"), N_("Его убрали, или оно не ваше.")),
    "task_is_started": Sentence(N_("Задание уже началось"), N_("Его запустили раньше. Обновите страницу.")),
    "task_has_errors": Sentence(N_("В списке есть ошибки"), N_("Исправьте файл и загрузите его ещё раз.")),
    # api.update_profile: the constraints of a person's own row
    "person_is_unknown": Sentence(N_("Недостаточно прав"), N_("Ваш доступ отключён. Обратитесь к администратору.")),
    "full_name_is_written": Sentence(N_("Имя не подходит"), N_("Напишите имя: от 1 до 200 знаков в одну строку.")),
    "quiet_hours_have_both_ends": Sentence(
        N_("Тихие часы не подходят"), N_("У тихих часов должны быть начало и конец, и не в одно и то же время.")
    ),
    "noise_budget_is_sensible": Sentence(
        N_("Число оповещений не подходит"), N_("Укажите от 1 до 1000 оповещений в час.")
    ),
    # /requests
    "too_many_requests": Sentence(N_("Слишком много обращений"), N_("За один раз отметьте не больше 500.")),
    "assignee_is_unknown": Sentence(N_("Передать некому"), N_("Этот сотрудник больше не работает с обращениями.")),
    "bot_is_not_in_chat": Sentence(N_("Бота нет в чате"), N_("Верните бота в чат: пока его там нет, ответить нельзя.")),
    "reply_is_too_long": Sentence(N_("Ответ слишком длинный"), N_("Telegram принимает до 4096 знаков.")),
    "unknown_template": Sentence(N_("Шаблон не найден"), N_("Этого шаблона больше нет: выберите другой.")),
    "reply_is_empty": Sentence(N_("Ответ пустой"), N_("Напишите ответ.")),
    "reply_is_not_failed": Sentence(N_("Ответ уже отправляется"), N_("Обновите страницу: видно, что с ним стало.")),
    "unknown_view": Sentence(N_("Вид не найден"), N_("Возможно, он уже удалён.")),
    "view_needs_a_name": Sentence(N_("Название не подходит"), N_("Напишите название: от 1 до 100 знаков.")),
    "view_name_is_taken": Sentence(N_("Название занято"), N_("У вас уже есть вид с таким названием.")),
}

FORBIDDEN = Sentence(
    N_("Недостаточно прав"), N_("Этот раздел недоступен для вашей роли. Если он нужен вам, скажите администратору.")
)
STALE_FORM = Sentence(N_("Страница устарела"), N_("Вернитесь назад, обновите страницу и повторите действие."))
UNAVAILABLE = Sentence(
    N_("Не удалось загрузить"), N_("Данные сейчас недоступны. Обычно это проходит за минуту: попробуйте ещё раз.")
)
LOGIN_UNAVAILABLE = Sentence(N_("Сервис входа не отвечает"), N_("Обычно это проходит за минуту: попробуйте ещё раз."))
UNKNOWN = Sentence(N_("Запрос не принят"), N_("Вернитесь на страницу «Ожидают ответа» и попробуйте ещё раз."))
BROKEN = Sentence(
    N_("Что-то сломалось"), N_("Мы записали подробности. Если повторится, назовите администратору номер ошибки.")
)

TOO_OFTEN = N_("Слишком часто")
# SQLSTATE for what no text of Postgres holds, such as a NUL character: no form of ours sends it.
NOT_TEXT = frozenset({"22P05", "22021"})

STATUSES: dict[int, Sentence] = {
    400: UNKNOWN,
    401: Sentence(N_("Нужен вход"), N_("Войдите и повторите действие.")),
    403: FORBIDDEN,
    404: Sentence(N_("Страница не найдена"), N_("Возможно, ссылка устарела или в ней опечатка.")),
    405: Sentence(N_("Так открыть нельзя"), N_("Этот адрес работает только внутри страницы, а не как ссылка.")),
    413: Sentence(N_("Слишком большой запрос"), N_("Отправьте меньше данных за один раз.")),
    415: Sentence(N_("Запрос не принят"), N_("Такой вид данных здесь не принимают.")),
    422: Sentence(
        N_("Проверьте, что вы ввели"), N_("Часть данных не подходит. Вернитесь назад, исправьте и повторите.")
    ),
    429: Sentence(TOO_OFTEN, N_("Подождите немного и повторите.")),
    503: UNAVAILABLE,
}


def sign_in_needed(request: AnyRequest, error: SignInNeeded) -> Response[Any]:
    """Lead to the sign-in page and back; a fragment takes its whole page there."""
    address = login_address(page_of(request), error.reason)
    if request.headers.get("hx-request"):
        return Response(b"", status_code=401, headers={"hx-redirect": address})
    if _wants_json(request):
        return respond(request, 401, STATUSES[401])
    return Redirect(address, status_code=303)


def refused_by_http(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Say what Litestar refused: unknown addresses, wrong methods, oversized or stale forms."""
    if error.status_code >= 500:  # noqa: PLR2004
        return broken(request, error)
    is_stale_form = isinstance(error, PermissionDeniedException) and "CSRF" in str(error.detail)
    if is_stale_form:
        request.state.refusal = Refused("form_is_stale", "")
    sentence = STALE_FORM if is_stale_form else STATUSES.get(error.status_code, UNKNOWN)
    return respond(request, error.status_code, sentence, allow=(error.headers or {}).get("allow"))


def too_often(request: AnyRequest, error: TooOften) -> Response[Any]:
    """Ask for patience, and say for how long."""
    seconds = math.ceil(error.verdict.reset_seconds)
    sentence = Sentence(TOO_OFTEN, _("Повторите через {wait}.").format(wait=pause(seconds)))
    answer = respond(request, 429, sentence, errors=[{"retry_after": seconds}])
    answer.headers.update(headers(error.verdict))
    return answer


def refused_by_database(request: AnyRequest, error: Refused) -> Response[Any]:
    """Say what the database refused; a reason without words is our mistake, not the person's."""
    if error.code == "42501":
        # Where a page refuses before the database would.
        request.state.refusal = request.state.get("refusal") or error
        return respond(request, 403, FORBIDDEN)
    if error.code in NOT_TEXT:
        return respond(request, 400, UNKNOWN)
    if error.key in KEYS and error.code.startswith("PT"):
        return respond(request, int(error.code[2:]), KEYS[error.key])
    return broken(request, error)


def unavailable(request: AnyRequest, error: Exception) -> Response[Any]:
    """Say that a part we need does not answer."""
    log.warning("part_unavailable", part=type(error).__name__, reason=str(error)[:100])
    return respond(request, 503, LOGIN_UNAVAILABLE if isinstance(error, AuthUnavailable) else UNAVAILABLE)


def broken(request: AnyRequest, error: Exception) -> Response[Any]:
    """Give a surprise a number; the details are in the log under the same number."""
    reference = secrets.token_hex(4)
    log.error("request_failed", reference=reference, route=request.scope.get("path_template"), exc_info=error)
    return respond(request, 500, BROKEN, reference=reference)


def respond(
    request: AnyRequest,
    status: int,
    sentence: Sentence,
    *,
    reference: str | None = None,
    allow: str | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
) -> Response[Any]:
    """Return a page, the part of one to htmx, or JSON to those who ask for it."""
    allowed = {"allow": allow} if allow else {}
    if _wants_json(request):
        told = [*errors, *([{"reference": reference}] if reference else [])]
        body = {"status": "error", "message": _(sentence.title), "errors": told}
        return Response(body, status_code=status, headers=allowed)
    context = {"sentence": sentence, "status": status, "reference": reference}
    is_fragment = request.headers.get("hx-request") == "true" and not request.headers.get("hx-boosted")
    name = "layout/_error.html" if is_fragment else "layout/error.html"
    return Template(name, context=context, status_code=status, headers=allowed)


def _wants_json(request: AnyRequest) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


HANDLERS: ExceptionHandlersMap = {
    SignInNeeded: sign_in_needed,
    HTTPException: refused_by_http,
    TooOften: too_often,
    Refused: refused_by_database,
    Unavailable: unavailable,
    AuthUnavailable: unavailable,
    RedisError: unavailable,
    Exception: broken,
}
