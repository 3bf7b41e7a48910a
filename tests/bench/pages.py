"""The admin's pages beside their floor: how long a page takes for 95 of 100, with some readers at once.

Pages are those of the menu, and one of each kind of thing that they link to: a new page joins by itself. Page and
floor take turns, so that a bad moment is everybody's.
"""

import asyncio
import itertools
import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from time import perf_counter
from urllib.parse import urlsplit

import httpx

from admin.navigation import DESTINATIONS
from admin.people import Role
from tests.admin.process import hidden
from tests.admin.routes import things
from tests.bench.load import send_one
from tests.bench.progress import Progress
from tests.bench.results import Measure, Target
from tests.bench.start import at
from tests.stack import Stack

READERS, TURNS, EACH = 4, 5, 6
PASSWORD = "buhbot-demo-2026"
# What a page that fails counts for, in ms.
NEVER = 60_000
# What is reckoned from a whole period, beside what only lists.
REPORTS = ("/reports", "/")
ROLES: tuple[Role, ...] = ("admin", "accountant")


@dataclass(frozen=True)
class Figure:
    """95 of 100 readers had the page after so many ms, and the floor after so many."""

    role: str
    path: str
    milliseconds: float
    floor: float
    ratio: float

    @property
    def is_report(self) -> bool:
        return self.path == "/" or self.path.startswith(REPORTS[0])

    @property
    def name(self) -> str:
        return f"{self.path} of {self.role}"

    def measure(self) -> Measure:
        target = Target("ratio", "<=", 8 if self.is_report else 3)
        return Measure(self.name, self.milliseconds, "ms", target, floor=self.floor, ratio=self.ratio)


def figures(stack: Stack, floor_url: str, progress: Progress) -> Iterator[Figure]:
    """Yield a figure of each page of an admin, who sees all, and of an accountant, who sees what is hers."""
    for role in ROLES:
        cookies, token = _sign_in(stack, role), _token(stack, role)
        floor = _request(floor_url, authorization=f"Bearer {token}")
        for path in _pages(stack, role, cookies):
            asked = _request(stack.urls["admin"] + path, cookie=cookies)
            try:
                turns = asyncio.run(_take_turns(stack.urls["admin"], asked, floor_url, floor))
            except ConnectionError as error:
                progress.say(f"{_kind(path)} of {role} does not come: {error}")
                turns = [(NEVER, 1000)]
            figure = _figure(role, _kind(path), turns)
            progress.say(f"{figure.name}: {figure.milliseconds:.0f} ms, {figure.ratio:.1f} × the floor")
            yield figure


def growth(small: Iterable[Figure], large: Iterable[Figure]) -> Measure:
    """Return how much slower the list that suffers most is with ten times the messages, each beside its floor."""
    before = {figure.name: figure.ratio for figure in small}
    worst = max(
        ((figure.ratio / before[figure.name], figure.name) for figure in large if not figure.is_report),
        default=(0.0, "none"),
    )
    return Measure(f"growth of lists, worst {worst[1]}", worst[0], "×", Target("value", "<=", 1.2))


def read(stack: Stack, progress: Progress) -> None:
    """Let a manager read the list in many windows at once, as long as it can be: for what it costs in memory."""
    asked = _request(f"{stack.urls['admin']}/requests", cookie=_sign_in(stack, "manager"))
    read = asyncio.run(_readers(stack.urls["admin"], asked, readers=20, each=15))
    progress.say(f"{len(read)} pages of the admin read")


def _figure(role: str, path: str, turns: list[tuple[float, float]]) -> Figure:
    values, floors = zip(*turns, strict=True)
    ratio = statistics.median(value / floor for value, floor in turns)
    return Figure(role, path, statistics.median(values), statistics.median(floors), ratio)


def _pages(stack: Stack, role: Role, cookies: str) -> list[str]:
    """Return the menu, and one of each kind of thing that is linked in it; each has been read once."""
    menu = [place.path for place in DESTINATIONS if role in place.roles]
    links: dict[str, None] = {}
    with httpx.Client(base_url=stack.urls["admin"], headers={"cookie": cookies}, timeout=60) as browser:
        for path in menu:
            page = browser.get(path)
            assert page.status_code == 200, f"{path}: {page.status_code}"
            links |= dict.fromkeys(urlsplit(unescape(link)).path for link in re.findall(r'href="(/[^"]*)"', page.text))
        of_each = (next(filter(kind.fullmatch, links), None) for kind in things())
        return [*menu, *(link for link in of_each if link and "html" in _type_of(browser, link))]


def _type_of(browser: httpx.Client, path: str) -> str:
    answer = browser.get(path)
    return answer.headers["content-type"] if answer.status_code == 200 else ""


def _kind(path: str) -> str:
    return re.sub(r"/(?:-?\d+|[0-9a-f-]{36})(?=/|$)", "/…", path)


def _sign_in(stack: Stack, role: str) -> str:
    """Return the cookies of the demo firm's person of that role."""
    with httpx.Client(base_url=stack.urls["admin"], timeout=60) as browser:
        form = browser.get("/login")
        fields = {name: hidden(form, name) for name in ("next", "_csrf_token")}
        answer = browser.post("/login", data={"email": f"{role}@buhbot.test", "password": PASSWORD, **fields})
        assert answer.status_code == 303, answer.text
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)


def _token(stack: Stack, role: str) -> str:
    url = f"{stack.env['SUPABASE_URL']}/auth/v1/token?grant_type=password"
    asked = {"email": f"{role}@buhbot.test", "password": PASSWORD}
    answer = httpx.post(url, json=asked, headers={"apikey": stack.env["SUPABASE_ANON_KEY"]}).raise_for_status()
    return str(answer.json()["access_token"])


def _request(url: str, **headers: str) -> bytes:
    target = urlsplit(url)
    sent = {"host": target.netloc, "accept-encoding": "gzip", **headers}
    lines = [f"GET {target.path or '/'} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def _take_turns(page_url: str, page: bytes, floor_url: str, floor: bytes) -> list[tuple[float, float]]:
    """Return what 95 of 100 waited at most, in ms, for the page and for the floor, turn by turn."""
    sides = [(page_url, page), (floor_url, floor)]
    for url, asked in sides:
        await _readers(url, asked, READERS, 1)
    pairs = []
    for nth in range(TURNS):
        waited = {url: await _readers(url, asked, READERS, EACH) for url, asked in sides[:: 1 if nth % 2 else -1]}
        pairs.append((1000 * at(0.95, waited[page_url]), 1000 * at(0.95, waited[floor_url])))
    return pairs


async def _readers(url: str, asked: bytes, readers: int, each: int) -> list[float]:
    """Return the seconds of every reading; readers read at once, one page after another."""

    async def read_some() -> list[float]:
        target = urlsplit(url)
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        seconds = []
        for _ in range(each):
            began = perf_counter()
            await send_one(reader, writer, asked)
            seconds.append(perf_counter() - began)
        writer.close()
        return seconds

    return [*itertools.chain.from_iterable(await asyncio.gather(*(read_some() for _ in range(readers))))]
