"""Every page, as each role finds it: open, quiet, fit for all eyes and hands, at three widths and in both themes.

Pages are read from the app and from the links on them, so one that is added tomorrow is looked at tomorrow. With
`pytest --pictures` a picture of each is left in `.local/screenshots`.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from litestar.enums import MediaType
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

from admin.navigation import DESTINATIONS
from tests.admin.entrance import let_in
from tests.admin.firm import Chat, Colleague, Firm, Role
from tests.admin.process import Admin
from tests.admin.routes import readings, things
from tests.admin.surveys import delivered, stored, survey_called, voted
from tests.stack import ROOT

ROLES: tuple[Role, ...] = ("admin", "manager", "accountant", "observer")
WIDTHS, THEMES = (390, 768, 1440), ("light", "dark")
PICTURES = ROOT / ".local/screenshots"
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text()
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PERSON = "Константинопольская-Преображенская Александра Вячеславовна"
WORD = "Спецтехмонтажсервисгидропроектстройуправлениекомплектация"
QUARTER = f"Оценка работы за {{}} квартал 2024 года, {WORD}"
CLIENT = "Общество с ограниченной ответственностью «Северо-Западная логистика»"

FIND_FAULTS = """async ([standards, isOfColours]) => {
  const colours = axe.getRules(["cat.color"]).filter(({ tags }) => standards.some((one) => tags.includes(one)));
  const runOnly = isOfColours ? colours.map(({ ruleId }) => ruleId) : standards;
  // Sheets are read once more for no rule of these standards; media are.
  const found = await axe.run(document, { runOnly, preload: { assets: ["media"] }, resultTypes: ["violations"] });
  const where = (fault) => fault.nodes.slice(0, 3).map((one) => one.target).join(" | ");
  return found.violations.map((fault) => `${fault.id}: ${where(fault)}`);
}"""
WHAT_STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > width + 1);
  return wide.length ? wide.slice(0, 5).map((one) => `${one.tagName.toLowerCase()}.${one.className}`) : ["words"];
}"""
WHAT_BREAKS = """() => [...document.querySelectorAll("main h1, main h2, thead th")].flatMap((heading) => {
  const text = document.createTreeWalker(heading, NodeFilter.SHOW_TEXT);
  const broken = [];
  while (text.nextNode() && heading.checkVisibility()) {
    for (const { 0: word, index } of text.currentNode.data.matchAll(/(?<!\\p{L})\\p{L}{2,18}(?!\\p{L})/gu)) {
      const range = document.createRange();
      range.setStart(text.currentNode, index);
      range.setEnd(text.currentNode, index + word.length);
      if (range.getClientRects().length > 1) broken.push(word);
    }
  }
  return heading.getBoundingClientRect().width > 1 ? broken : [];
})"""
WHAT_A_THEME_MOVES = """(themes) => {
  const all = [...document.body.querySelectorAll("*")];
  const [before, after] = themes.map((theme) => {
    document.documentElement.dataset.theme = theme;
    return all.map((one) => JSON.stringify(one.getBoundingClientRect()));
  });
  return all.filter((_, at) => before[at] !== after[at]).slice(0, 5).map((one) => one.outerHTML.slice(0, 120));
}"""
WHAT_IS_NAMED_TWICE = """() => {
  const names = [...document.querySelectorAll("[id]")].map((one) => one.id);
  return names.filter((name, at) => names.indexOf(name) !== at);
}"""
LISTEN_TO_FOCUS = """() => {
  const shown = (one) => one.checkVisibility({ checkVisibilityCSS: true }) && one.getClientRects().length > 0;
  const told = (one) => one.closest("a, button, summary, label") ?? one;
  window.unreached = new Set([...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(
    (one) => shown(one) && !one.disabled && one.tabIndex >= 0 && one.type !== "hidden" && !one.closest("[inert]")));
  window.unseen = [];
  document.addEventListener("focusin", ({ target }) => {
    // One of several radio buttons is the way to all.
    const together = target.type === "radio" ? [...document.getElementsByName(target.name)] : [target];
    together.forEach((one) => window.unreached.delete(one));
    const marks = [target, told(target)].map((one) => getComputedStyle(one));
    if (!marks.some((mark) => mark.outlineStyle !== "none" || mark.boxShadow !== "none")) {
      window.unseen.push(target.outerHTML.slice(0, 120));
    }
  });
  return window.unreached.size;
}"""


@dataclass
class Visit:
    """A page of a role that is looked at, and what is wrong on the way."""

    page: Page
    role: Role
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    states: dict[str, str] = field(default_factory=dict)
    """Pages of things that look otherwise than the first of their kind, and what to call their pictures."""

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"{self.page.url}: {message.text}")

    async def addresses(self) -> AsyncIterator[str]:
        """Open, one after another, what the role may: each fixed address, one page of each kind, and `states`."""
        menu = {place.path for place in DESTINATIONS if self.role in place.roles}
        fixed = {route.path for route in readings() if "{" not in route.path} - {
            "/health",
            "/api/health",
            "/metrics",
            "/login",
        }
        links: dict[str, None] = {}
        for path in sorted(menu | fixed):
            if await self._open(path, must=path in menu):
                found = await self.page.evaluate("[...document.links].map((one) => one.pathname)")
                links |= dict.fromkeys(cast("list[str]", found))
                yield path
        for kind in things():
            first = next(filter(kind.fullmatch, links), None)
            if first and first not in self.states and await self._open(first, must=True):
                found = await self.page.evaluate("[...document.links].map((one) => one.pathname)")
                links |= dict.fromkeys(cast("list[str]", found))
                yield first
        for path in self.states:
            if await self._open(path, must=True):
                yield path

    async def _open(self, path: str, *, must: bool) -> bool:
        """Go there, unless it is no page, or the role may not."""
        answer = await self.page.context.request.get(path, max_redirects=0)
        is_page = MediaType.HTML in answer.headers.get("content-type", "") and "<html" in await answer.text()
        if answer.status >= 500 or (must and answer.status != 200):
            self.faults.append(f"{path}: {answer.status}")
        if answer.status != 200 or not is_page:
            return False
        await self.page.goto(path)
        return True

    async def look(self, path: str, width: int, *, themes: tuple[str, ...], axe: bool) -> None:
        """At one width: nothing sticks out, no heading breaks within a word, and each theme is easy to read and find.

        A theme is made of colours: the second one moves nothing, and so is asked about colours alone.
        """
        await self.page.set_viewport_size({"width": width, "height": 900})
        if wide := await self.page.evaluate(WHAT_STICKS_OUT):
            self.faults.append(f"{path} at {width}: sticks out: {', '.join(wide)}")
        if broken := await self.page.evaluate(WHAT_BREAKS):
            self.faults.append(f"{path} at {width}: a heading breaks within {', '.join(broken)}")
        if moved := await self.page.evaluate(WHAT_A_THEME_MOVES, THEMES):
            self.faults.append(f"{path} at {width}: a theme moves {', '.join(moved)}")
        for theme in themes if axe else ():
            await self.page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
            found = await self.page.evaluate(FIND_FAULTS, [STANDARDS, theme != themes[0]])
            self.faults += [f"{path} at {width}, {theme}: {fault}" for fault in found]

    async def picture(self, path: str, width: int) -> None:
        name = self.states.get(path) or re.sub(r"[0-9a-f-]{36}", "one", path).strip("/").replace("/", "-") or "home"
        for theme in THEMES:
            await self.page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
            file = PICTURES / f"{name}-{width}-{theme}.png"
            await self.page.screenshot(path=file, full_page=True, animations="disabled", scale="css")


@pytest.fixture(scope="module")
def people(firm: Firm) -> dict[str, Colleague]:
    """Somebody of each role in a firm with much to read, the names as long as they get."""
    hired: dict[str, Colleague] = {}
    hired |= {role: firm.hire(role, PERSON) for role in ROLES}
    firm.run("insert into public.templates (category, title, content) values (%s, %s, 'Текст')", WORD, WORD)
    clock = firm.always_open(WORD)
    for nth in range(3):
        chat = firm.connect_chat(hired["accountant"], f"{CLIENT} №{nth}", clock)
        firm.add_client(f"{CLIENT} №{nth}", chat)
        firm.ask(chat, "Когда будет готов акт сверки? " * (1 + 6 * nth), 30 + 20 * nth, author=PERSON)
        firm.ask(chat, "Ещё вопрос", 25)
        votes_of_a_year(firm, chat, nth)
        if nth == 2:
            firm.answer(chat, hired["accountant"], "Добрый день, отправили на почту", 5)
            firm.ask(chat, "И ещё один", 3)
    return hired


def votes_of_a_year(firm: Firm, chat: Chat, nth: int) -> None:
    """Three surveys: one is a draft, in one people vote and one is over; one chat after another joins the latter."""
    for quarter, months in enumerate((("01-01", "03-31"), ("04-01", "06-30"), ("07-01", "09-30"))):
        name, days = QUARTER.format(quarter + 1), tuple(f"2024-{day}" for day in months)
        if nth == 0:
            stored(firm, ("active", "sending", "draft")[quarter], (days[0], days[1]), name)
        survey = survey_called(firm, name)
        if quarter < 2:
            delivered(firm, survey, chat)
            voted(firm, survey, chat, PERSON, 5 - 2 * nth, "Документы теряются каждый месяц. " * 5 * nth)
        if (quarter, nth) == (0, 2):
            over = "select private.end_survey(s, 'closed', now()) from public.feedback_surveys as s where s.id = %s"
            firm.run(over, survey)


@pytest.fixture(scope="module")
def surveys(firm: Firm, people: dict[str, Colleague]) -> dict[str, str]:
    """What a survey looks like before, while and after people vote, for those who run it."""
    over, asked, draft = (survey_called(firm, QUARTER.format(n)) for n in (1, 2, 3))
    return {
        f"/surveys/{draft}": "survey-draft",
        f"/surveys/{draft}/edit": "survey-edit",
        f"/surveys/{asked}": "survey-sending",
        f"/surveys/{asked}/deliveries": "survey-deliveries",
        f"/surveys/{over}": "survey-over",
    }


async def visit(context: BrowserContext, person: Colleague, role: Role, states: dict[str, str]) -> Visit:
    await let_in(context, person)
    page = await context.new_page()
    made = Visit(page, role, states=states if role in {"admin", "manager"} else {})
    page.on("console", made.note)
    page.on("pageerror", lambda error: made.faults.append(f"{page.url}: {error}"))
    return made


@pytest.fixture
async def context(admin: Admin, chrome: Browser) -> AsyncIterator[BrowserContext]:
    async with await chrome.new_context(base_url=admin.url, locale="ru-RU", reduced_motion="reduce") as made:
        yield made


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_finds_its_pages_whole(
    context: BrowserContext,
    people: dict[str, Colleague],
    surveys: dict[str, str],
    role: Role,
    pytestconfig: pytest.Config,
) -> None:
    """Open, no word in the console, nothing wider than the screen, and axe-core finds nothing (WCAG 2.2 AA)."""
    made = await visit(context, people[role], role, surveys)
    async for path in made.addresses():
        await made.page.evaluate(AXE)
        made.faults += [f"{path}: twice: {name}" for name in await made.page.evaluate(WHAT_IS_NAMED_TWICE)]
        # Whoever may everything looks at everything; the others at what a phone at night shows of it.
        for width in WIDTHS if role == "admin" else (390,):
            await made.look(path, width, themes=THEMES if role == "admin" else ("dark",), axe=width != 768)
            if role == "admin" and pytestconfig.getoption("pictures"):
                await made.picture(path, width)
        made.seen.add(path)
    assert not made.faults, "\n".join(made.faults)
    assert {place.path for place in DESTINATIONS if role in place.roles} <= made.seen


async def test_everything_is_reached_by_keyboard_and_nothing_moves(
    context: BrowserContext, people: dict[str, Colleague], surveys: dict[str, str]
) -> None:
    made = await visit(context, people["admin"], "admin", surveys)
    async for path in made.addresses():
        count = await made.page.evaluate(LISTEN_TO_FOCUS)
        # What a refresh has replaced need not be reached; and some have several stops, as a time its hours.
        for _ in range(3):
            await asyncio.gather(*(made.page.keyboard.press("Tab") for _ in range(count)))
            if not await made.page.evaluate("[...unreached].some((one) => one.isConnected)"):
                break
        missed, unseen = await made.page.evaluate(
            "() => [[...unreached].filter((one) => one.isConnected).map((one) => one.outerHTML.slice(0, 120)), unseen]"
        )
        made.faults += [f"{path}: no way to {one}" for one in missed] + [f"{path}: not seen: {one}" for one in unseen]
        moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
        if await made.page.evaluate(moving):
            made.faults.append(f"{path}: moves, although told not to")
    assert not made.faults, "\n".join(made.faults)


async def test_pages_are_read_without_scripts(admin: Admin, chrome: Browser, people: dict[str, Colleague]) -> None:
    """Each has its heading and words, links lead somewhere, and forms know by themselves where to."""
    async with await chrome.new_context(base_url=admin.url, locale="ru-RU", java_script_enabled=False) as context:
        made = await visit(context, people["manager"], "manager", {})
        menu = [place.path for place in DESTINATIONS if "manager" in place.roles]
        for path in menu:
            await made.page.goto(path)
            assert await made.page.locator("main h1").first.is_visible(), path
            found: list[dict[str, Any]] = await made.page.locator("form").evaluate_all(
                "forms => forms.map((one) => ({ way: one.method, to: one.getAttribute('action'),"
                " token: Boolean(one.elements._csrf_token) }))"
            )
            for form in found:
                assert form["to"] or form["way"] in {"get", "dialog"}, f"{path}: {form}"
                assert form["token"] or form["way"] != "post", f"{path}: {form}"
