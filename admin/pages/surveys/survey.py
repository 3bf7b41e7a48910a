"""`/surveys/<id>`: a draft and whom it would reach, or how far a survey is; and what is done to it."""

from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Template
from pydantic import Field, TypeAdapter

from admin.errors import advice_of
from admin.figures.ratings import Status
from admin.filters import Day, Filters
from admin.models import Frozen
from admin.pages.surveys.form import AUDIENCES, read_survey
from admin.pages.surveys.progress import Preview, Progress, remedy_of
from admin.people import ASKS, MANAGERS, SignedIn, refuse_all_but
from admin.rendering import is_fragment, show
from admin.throttling import MEDIUM
from admin.times import Wall, duration
from admin.toasts import go
from infra.supabase import Refused
from infra.words import N_, _, ngettext, number

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]
Act = Literal["unschedule", "stop", "resume", "restart", "close", "delete"]

ACTS: dict[Act, tuple[str, str]] = {
    "unschedule": ("unschedule_survey", N_("Опрос снова черновик: сам он не начнётся.")),
    "stop": ("stop_survey", N_("Рассылка остановлена. Кто уже получил опрос, может голосовать.")),
    "resume": ("resume_survey", N_("Рассылка продолжается.")),
    "close": ("close_survey", N_("Опрос завершён. Неотправленное отменено, итоги готовы.")),
    "delete": ("delete_survey", N_("Черновик удалён.")),
}
# Refusals that are said on the page of the survey itself.
SAID_HERE = frozenset({"audience_is_empty", "survey_has_begun", "survey_is_not_running", "survey_is_over"})
_DAY: TypeAdapter[date] = TypeAdapter(Day)
PART, WHOLE = "pages/surveys/_survey.html", "pages/surveys/survey.html"
# What moved is what one may do: all that the page is about comes anew, and a sentence that it says stays.
INSTEAD_OF_THE_PAGE = {"HX-Retarget": "#main", "HX-Reselect": "#main", "HX-Reswap": "outerHTML show:none"}


class Shown(Filters):
    """What a part that asks for itself is a part of."""

    shown: Status | None = None


class StartForm(Frozen):
    """The form: when it begins, on the reader's wall."""

    begins: Literal["now", "later"] = "now"
    starts_at: str = Field(default="", max_length=40)


class ActForm(Frozen):
    """The form of a button."""

    act: Act


@get("/surveys/{survey_id:uuid}", opt=ASKS)
async def show_survey(request: AnyRequest, me: Me, survey_id: FromPath[UUID]) -> Template:
    """Show one, or the part of it that moves; all of it anew once the state is another than the page shows."""
    refuse_all_but(me, MANAGERS)
    shown = Shown.of(request).shown
    page = await _page(request, me, survey_id, shown=shown)
    if page.template_name == WHOLE and is_fragment(request):
        page.headers.update(INSTEAD_OF_THE_PAGE)
    return page


@post("/surveys/{survey_id:uuid}/start", opt={"tier": MEDIUM})
async def start_survey(
    request: AnyRequest, me: Me, survey_id: FromPath[UUID], data: URLEncodedBody[StartForm]
) -> Response[Any]:
    """Have it sent, now or from a moment on."""
    refuse_all_but(me, MANAGERS)
    try:
        starts_at = _moment(request, data.starts_at) if data.begins == "later" else None
    except ValueError:
        return await _page(request, me, survey_id, 422, problem=_("Укажите день и час, когда начать рассылку."))
    later = _("Опрос запланирован: рассылка начнётся сама.")
    now = _("Рассылка начинается. Вне рабочих часов опрос подождёт до утра.")
    more = {"starts_at": starts_at} if starts_at else {}
    return await _act(request, me, survey_id, "schedule_survey", later if starts_at else now, **more)


@post("/surveys/{survey_id:uuid}/act", opt={"tier": MEDIUM})
async def act_on_survey(
    request: AnyRequest, me: Me, survey_id: FromPath[UUID], data: URLEncodedBody[ActForm]
) -> Response[Any]:
    """Hold it, go on, try again those it did not reach, or be done with it."""
    refuse_all_but(me, MANAGERS)
    if data.act == "restart":
        return await _act(request, me, survey_id, "restart_survey", None)
    function, sentence = ACTS[data.act]
    return await _act(request, me, survey_id, function, _(sentence))


async def _act(
    request: AnyRequest, me: SignedIn, survey_id: UUID, function: str, said: str | None, **more: str
) -> Response[Any]:
    try:
        answer: Any = await me.database.call(function, id=str(survey_id), **more)
    except Refused as refusal:
        if refusal.key not in SAID_HERE:
            raise
        return await _page(request, me, survey_id, 409, problem=advice_of(refusal))
    log.info("survey_decided", survey_id=str(survey_id), decision=function, user_id=me.person.id)
    again = ngettext("Отправим ещё раз в {n} чат.", "Отправим ещё раз в {n} чата.", answer or 0)
    return go("/surveys" if function == "delete_survey" else f"/surveys/{survey_id}", said or again)


async def _page(
    request: AnyRequest,
    me: SignedIn,
    survey_id: UUID,
    status: int = 200,
    problem: str | None = None,
    shown: Status | None = None,
) -> Template:
    survey = await read_survey(me, survey_id)
    is_part = is_fragment(request) and shown in {None, survey.status}
    is_planned = survey.status in {"draft", "scheduled"}
    told = await me.database.call("preview_survey" if is_planned else "survey_progress", id=str(survey_id))
    return show(
        request,
        me,
        PART if is_part else WHOLE,
        status,
        survey=survey,
        preview=Preview.model_validate(told) if is_planned else None,
        progress=None if is_planned else Progress.model_validate(told),
        audiences=AUDIENCES,
        problem=problem,
        number=number,
        duration=duration,
        remedy_of=remedy_of,
    )


def _moment(request: AnyRequest, text: str) -> str:
    """Return the instant that the reader means by a day and hour. Raises `ValueError` for what is none of this age."""
    at = datetime.fromisoformat(text)
    _DAY.validate_python(at.date())
    zone = Wall(request.cookies.get("zone"), datetime.now(UTC)).zone
    return at.replace(tzinfo=at.tzinfo or zone).isoformat()
