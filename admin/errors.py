"""What went wrong, in words: the one place where failures and the database's keys become sentences."""

import math
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.response import Redirect, Template
from litestar.types import ExceptionHandlersMap
from redis.exceptions import RedisError

from admin.next_page import login_address, page_of
from admin.people import SignedIn, SignInNeeded
from admin.reasons import KEYS, Sentence
from admin.rendering import is_fragment, show
from admin.throttling import headers
from admin.times import pause
from admin.tokens import AuthUnavailable
from infra.supabase import Refused, Unavailable
from infra.throttling import TooOften
from infra.words import N_, _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]


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


def advice_of(refusal: Refused, *elsewhere: str, malformed: str = "") -> str:
    """Return what stands beside the form that was refused; `malformed` is said of what is no date, number or id at all.

    Raises a refusal of rights, one without words, and one of a key that belongs `elsewhere`: each is its own page.
    """
    if malformed and refusal.code.startswith("22"):
        return malformed
    if refusal.is_of_rights or refusal.key not in KEYS or refusal.key in elsewhere:
        raise refusal
    return _(KEYS[refusal.key].advice)


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
    page = _page(request, status, sentence=sentence, reference=reference)
    page.headers.update(allowed)
    return page


def _page(request: AnyRequest, status: int, *, reference: str | None, **context: Any) -> Template:
    """Stand in the frame of whoever is known by now, without asking anybody; a surprise may come from that frame."""
    me: SignedIn | None = None if reference else request.state.get("me")
    name = "layout/_error.html" if is_fragment(request) else "layout/error.html"
    context |= {"code": status, "reference": reference}
    if me:
        return show(request, me, name, status, **context)
    return Template(name, context={"me": None, **context}, status_code=status)


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
