"""What went wrong, in words: the one place where failures and the database's keys become sentences."""

import secrets
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
from admin.tokens import AuthUnavailable
from infra.supabase import Refused, Unavailable

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A heading and what the person can do about it."""

    title: str
    advice: str


# Reasons that the database gives (`raise exception '<key>'`), as far as a page of the admin can meet them.
KEYS: dict[str, Sentence] = {
    # api.update_profile: the constraints of a person's own row
    "person_is_unknown": Sentence("Недостаточно прав", "Ваш доступ отключён. Обратитесь к администратору."),
    "full_name_is_written": Sentence("Имя не подходит", "Напишите имя: от 1 до 200 знаков."),
    "locale_is_known": Sentence("Язык не подходит", "Выберите русский или английский."),
    "quiet_hours_have_both_ends": Sentence(
        "Тихие часы не подходят", "У тихих часов должны быть начало и конец, и не в одно и то же время."
    ),
    "noise_budget_is_sensible": Sentence("Число оповещений не подходит", "Укажите от 1 до 1000 оповещений в час."),
}

FORBIDDEN = Sentence(
    "Недостаточно прав", "Этот раздел недоступен для вашей роли. Если он нужен вам, скажите администратору."
)
STALE_FORM = Sentence("Страница устарела", "Вернитесь назад, обновите страницу и повторите действие.")
UNAVAILABLE = Sentence(
    "Не удалось загрузить", "Данные сейчас недоступны. Обычно это проходит за минуту: попробуйте ещё раз."
)
LOGIN_UNAVAILABLE = Sentence("Сервис входа не отвечает", "Обычно это проходит за минуту: попробуйте ещё раз.")
UNKNOWN = Sentence("Запрос не принят", "Вернитесь на страницу «Ожидают ответа» и попробуйте ещё раз.")
BROKEN = Sentence("Что-то сломалось", "Мы записали подробности. Если повторится, назовите администратору номер ошибки.")

STATUSES: dict[int, Sentence] = {
    401: Sentence("Нужен вход", "Войдите и повторите действие."),
    403: FORBIDDEN,
    404: Sentence("Страница не найдена", "Возможно, ссылка устарела или в ней опечатка."),
    405: Sentence("Так открыть нельзя", "Этот адрес работает только внутри страницы, а не как ссылка."),
    413: Sentence("Слишком большой запрос", "Отправьте меньше данных за один раз."),
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
    sentence = STALE_FORM if is_stale_form else STATUSES.get(error.status_code, UNKNOWN)
    return respond(request, error.status_code, sentence, allow=(error.headers or {}).get("allow"))


def refused_by_database(request: AnyRequest, error: Refused) -> Response[Any]:
    """Say what the database refused; a reason without words is our mistake, not the person's."""
    if error.code == "42501":
        return respond(request, 403, FORBIDDEN)
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
    request: AnyRequest, status: int, sentence: Sentence, *, reference: str | None = None, allow: str | None = None
) -> Response[Any]:
    """Return a page, or JSON to those who ask for it."""
    headers = {"allow": allow} if allow else {}
    if _wants_json(request):
        errors = [{"reference": reference}] if reference else []
        body = {"status": "error", "message": sentence.title, "errors": errors}
        return Response(body, status_code=status, headers=headers)
    context = {"sentence": sentence, "status": status, "reference": reference}
    return Template("layout/error.html", context=context, status_code=status, headers=headers)


def _wants_json(request: AnyRequest) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


HANDLERS: ExceptionHandlersMap = {
    SignInNeeded: sign_in_needed,
    HTTPException: refused_by_http,
    Refused: refused_by_database,
    Unavailable: unavailable,
    AuthUnavailable: unavailable,
    RedisError: unavailable,
    Exception: broken,
}
