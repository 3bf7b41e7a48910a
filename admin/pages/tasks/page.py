"""`/tasks`: long work that was started here, what it would do, and what became of it; to be left and found again."""

from typing import Any, Literal
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, SkipValidation
from litestar.response import Template
from pydantic import AwareDatetime, Field, TypeAdapter

from admin.chat_columns import COLUMNS
from admin.effects import Effect
from admin.errors import advice_of
from admin.models import Frozen
from admin.pages.tasks.words import GAVE_UP, PROBLEMS, REASONS
from admin.people import ASKS, SignedIn
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.tiers import TIERS
from admin.toasts import go
from infra.supabase import Refused
from infra.words import N_, _, ngettext

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]
State = Literal["draft", "queued", "running", "done", "failed"]

Kind = Literal["import_chats", "erase_client"]

KINDS: dict[Kind, str] = {
    "import_chats": N_("Загрузка чатов из файла"),
    "erase_client": N_("Стирание данных клиента"),
}
STATES: dict[State, str] = {
    "draft": N_("Проверено"),
    "queued": N_("В очереди"),
    "running": N_("Выполняется"),
    "done": N_("Готово"),
    "failed": N_("Не выполнено"),
}
MOST = 100


class RowError(Frozen):
    """What is wrong in one cell."""

    line: int
    column: str
    reason: str
    value: str | None

    @property
    def column_word(self) -> str:
        """The column, as the template calls it."""
        return _(COLUMNS[self.column])

    @property
    def written(self) -> str:
        """What stands in the cell, in the words of the template."""
        levels = {str(tier): title for tier, title in TIERS.items()}
        title = levels.get(self.value or "") if self.column == "tier" else None
        return _(title) if title else self.value or "—"

    @property
    def words(self) -> str:
        """What is wrong and what to do."""
        return _(REASONS[self.reason])


class Result(Frozen):
    """What a task would do, or did."""

    changed: int = 0
    connected: int = 0
    links: int = 0
    clients: int = 0
    chats: int = 0
    messages: int = 0
    wrong: int = 0
    errors: list[RowError] = Field(default_factory=list)
    effect: Effect = Effect()


class Task(Frozen):
    """A row of `api.tasks`."""

    id: UUID
    kind: Kind
    client_id: UUID | None
    client: str | None
    state: State
    total: int
    result: Result
    problem: str | None
    created_by: UUID
    author: str | None
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None

    @property
    def title(self) -> str:
        """What is done."""
        return _(KINDS[self.kind])

    @property
    def state_word(self) -> str:
        """How far it is."""
        return _("С ошибками") if self.state == "draft" and self.result.wrong else _(STATES[self.state])

    @property
    def problem_words(self) -> str:
        """Why it failed, and what to do."""
        return _(PROBLEMS.get(self.problem or "", GAVE_UP[self.kind]))

    @property
    def total_words(self) -> str:
        """How much there is of it."""
        if self.kind == "erase_client":
            return ngettext("{n} чат", "{n} чата", self.total)
        return ngettext("{n} строка", "{n} строки", self.total)

    @property
    def is_under_way(self) -> bool:
        """Assert that it goes on by itself."""
        return self.state in {"queued", "running"}


_TASKS = TypeAdapter(list[Task])


@get("/tasks", opt=ASKS)
async def show_tasks(request: AnyRequest, me: Me) -> Template:
    """Show them, the latest first."""
    return show(request, me, "pages/tasks/page.html", tasks=await _tasks(me))


@get("/tasks/{task_id:uuid}", opt=ASKS)
async def show_task(request: AnyRequest, me: Me, task_id: FromPath[UUID]) -> Template:
    """Show one."""
    return await _page(request, me, task_id)


@get("/tasks/{task_id:uuid}/state", opt=ASKS)
async def show_task_state(request: AnyRequest, me: Me, task_id: FromPath[UUID]) -> Template:
    """Show how far it is, for the open page that asks again."""
    return show(request, me, "pages/tasks/_task.html", task=await _task(me, task_id), problem=None)


@post("/tasks/{task_id:uuid}/start", opt={"tier": MEDIUM})
async def start_task(request: AnyRequest, me: Me, task_id: FromPath[UUID]) -> Response[Any]:
    """Have a draft carried out."""
    return await _act(request, me, task_id, "start_task", f"/tasks/{task_id}", _("Началось. Страницу можно закрыть"))


@post("/tasks/{task_id:uuid}/discard", opt={"tier": MEDIUM})
async def discard_task(request: AnyRequest, me: Me, task_id: FromPath[UUID]) -> Response[Any]:
    """Throw a draft away."""
    return await _act(request, me, task_id, "discard_task", "/tasks", _("Черновик удалён, ничего не изменилось"))


async def _act(request: AnyRequest, me: SignedIn, task_id: UUID, function: str, path: str, said: str) -> Response[Any]:
    try:
        await me.database.call(function, id=str(task_id))
    except Refused as refusal:
        return await _page(request, me, task_id, 409, advice_of(refusal, "unknown_task"))
    log.info("task_decided", task_id=str(task_id), decision=function, user_id=me.person.id)
    return go(path, said)


async def _page(
    request: AnyRequest, me: SignedIn, task_id: UUID, status: int = 200, problem: str | None = None
) -> Template:
    return show(request, me, "pages/tasks/task.html", status, task=await _task(me, task_id), problem=problem)


async def _task(me: SignedIn, task_id: UUID) -> Task:
    found = await _tasks(me, id=str(task_id))
    if not found:
        raise NotFoundException
    return found[0]


async def _tasks(me: SignedIn, **equal: Any) -> list[Task]:
    columns = ",".join(Task.model_fields)
    found = await me.database.read("tasks", columns, order="created_at", descending=True, limit=MOST, **equal)
    return _TASKS.validate_python(found)
