"""`/profile`: oneself, one's password, one's sessions and sign-ins, and nobody else's (I1)."""

import asyncio
import re
import secrets
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import BrowserContext, expect

from admin.sessions import handle_of
from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.admin.entrance import opened
from tests.admin.firm import PASSWORD, Colleague, Firm
from tests.admin.process import Admin, Reader, hidden, running_admin, words

NEW = "three plain words"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
ABOUT = {"full_name": "Нина Новая", "quiet_from": "22:00", "quiet_until": "08:00"}


def send(reader: Reader, path: str, **fields: Any) -> httpx.Response:
    token = hidden(reader.get("/profile"), "_csrf_token")
    return reader.post(path, data={**fields, "_csrf_token": token})


def save(reader: Reader, **fields: Any) -> httpx.Response:
    return send(reader, "/profile", **{**ABOUT, "alerts_per_hour": "7", **fields})


def change(reader: Reader, current: str = PASSWORD, new: str = NEW, repeated: str = "") -> httpx.Response:
    fields = {"current": current, "password": new, "repeated": repeated or new}
    return send(reader, "/profile/password", **fields)


def handles(reader: Reader) -> list[str]:
    return re.findall(r"/profile/sessions/(\w{64})/end", reader.get("/profile").text)


def test_what_one_says_about_oneself_is_kept(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("accountant"))
    answer = save(reader)
    assert answer.headers["location"] == "/profile"
    page = reader.get(answer.headers["location"])
    assert "Сохранено." in words(page)
    assert "Сохранено." not in words(reader.get("/profile"))
    assert all(f'value="{value}' in page.text for value in ("Нина Новая", "22:00", "08:00", "7"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"full_name": "   "}, "Напишите имя"),
        ({"full_name": "я" * 300}, "Напишите имя"),
        ({"quiet_until": ""}, "должны быть начало и конец"),
        ({"quiet_until": "22:00"}, "должны быть начало и конец"),
        ({"quiet_from": "25:99"}, "Не удалось прочитать форму"),
        ({"alerts_per_hour": "0"}, "от 1 до 1 000"),
        ({"alerts_per_hour": "много"}, "Не удалось прочитать форму"),
    ],
)
def test_a_refusal_says_what_to_mend_and_keeps_the_rest(
    reader: Reader, firm: Firm, wrong: dict[str, str], said: str
) -> None:
    reader.as_person(firm.hire("accountant"))
    answer = save(reader, **wrong)
    assert answer.status_code == 422
    assert said in words(answer)
    assert any(f'value="{value}"' in answer.text for value in ("Нина Новая", "7"))
    assert "Нина Новикова" in words(reader.get("/requests"))


async def test_the_bot_calls_a_person_by_a_new_name_within_a_second(
    reader: Reader, firm: Firm, sim: SimulatorClient
) -> None:
    """The bot keeps people near; a change in the admin is told to it."""
    own, account = firm.hire("accountant"), 700_000_000 + secrets.randbelow(10**8)
    firm.run("update public.users set telegram_id = %s where id = %s", account, own.id)
    reader.as_person(own)
    await sim.start(account)
    await sim.until_message(account, "Нина Новикова")
    save(reader)
    async with asyncio.timeout(1):
        greeting = ""
        while "Нина Новая" not in greeting:
            said = await sim.start(account)
            greeting = (await sim.until_message(account, "Нина", since=said.message.message_id)).words


def test_a_name_is_text_and_nothing_else(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("accountant"))
    save(reader, full_name="<script>alert(1)</script>' or 1=1 --")
    page = reader.get("/profile")
    assert "<script>alert" not in page.text
    assert "' or 1=1 --" in words(page)


def test_a_new_password_asks_for_the_old_one(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("accountant"))
    for fields, said in (
        ({"current": "wrong"}, "Текущий пароль не подошёл"),
        ({"current": ""}, "Текущий пароль не подошёл"),
        ({"new": "short"}, "короче 10 знаков"),
        ({"repeated": "something else"}, "Пароли не совпали"),
        ({"new": PASSWORD}, "Это ваш прежний пароль"),
    ):
        answer = change(reader, **fields)
        assert (answer.status_code, said in words(answer)) == (422, True), words(answer)
    assert change(reader).status_code == 303


def test_guessing_the_old_password_here_is_guessing_at_the_door(
    environment: dict[str, str], firm: Firm, tmp_path: Path
) -> None:
    """Both count together, and what was right forgets what was wrong before."""
    person = firm.hire("accountant")
    with running_admin(environment, tmp_path / "log", SIGN_INS_PER_ACCOUNT="3") as strict, Reader(strict) as reader:
        reader.as_person(person)
        assert [change(reader, current="wrong").status_code for _ in range(2)] == [422, 422]
        assert change(reader, new=NEW).status_code == 303
        assert [change(reader, current="wrong").status_code for _ in range(3)] == [422, 422, 422]
        answer = change(reader, current=NEW, new=PASSWORD)
        assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (429, True)
        assert "Слишком много попыток. Попробуйте снова через" in words(answer)
        assert reader.get("/requests").status_code == 200
        with Reader(strict) as elsewhere:
            assert elsewhere.sign_in(person.email, NEW).status_code == 429


def test_a_new_password_leaves_only_this_session_under_a_new_id(admin: Admin, reader: Reader, firm: Firm) -> None:
    person = firm.hire("accountant")
    old = reader.as_person(person).cookies["buhbot"]
    with Reader(admin) as elsewhere:
        elsewhere.as_person(person)
        answer = change(reader)
        assert answer.headers["location"] == "/profile#password-part"
        assert reader.cookies["buhbot"] != old
        assert len(handles(reader)) == 1
        assert elsewhere.get("/requests").headers["location"] == "/login?next=%2Frequests&reason=expired"
        elsewhere.cookies.set("buhbot", old)
        assert elsewhere.get("/requests").headers["location"] == "/login?next=%2Frequests&reason=expired"
        assert elsewhere.sign_in(person.email, PASSWORD).status_code == 401
        assert elsewhere.sign_in(person.email, NEW).status_code == 303


def test_sessions_show_their_devices_and_end_one_by_one(admin: Admin, reader: Reader, firm: Firm) -> None:
    person = firm.hire("accountant")
    reader.as_person(person)
    with Reader(admin) as elsewhere:
        elsewhere.headers["user-agent"] = FIREFOX
        elsewhere.as_person(person)
        page = reader.get("/profile")
        assert "Firefox, Windows" in words(page)
        assert "Адрес 127.0.0.1" in words(page)
        assert words(page).count("это устройство") == 1
        mine = handle_of(reader.cookies["buhbot"])
        other = next(handle for handle in handles(reader) if handle != mine)
        assert send(reader, f"/profile/sessions/{other}/end").status_code == 303
        assert elsewhere.get("/requests").headers["location"] == "/login?next=%2Frequests&reason=expired"
    assert handles(reader) == [mine]
    assert send(reader, f"/profile/sessions/{mine}/end").headers["location"] == "/login?reason=signed_out"
    assert reader.get("/requests").headers["location"] == "/login?next=%2Frequests"


def test_i1_nobody_ends_the_session_of_another(admin: Admin, reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("admin"))
    with Reader(admin) as victim:
        victim.as_person(firm.hire("accountant"))
        [handle] = handles(victim)
        for guess in (handle, handle.upper(), "*", "x" * 64):
            assert send(reader, f"/profile/sessions/{guess}/end").status_code == 303
        assert victim.get("/requests").status_code == 200


def test_out_everywhere_means_here_too(admin: Admin, reader: Reader, firm: Firm) -> None:
    person = firm.hire("manager")
    reader.as_person(person)
    stolen = dict(reader.cookies)
    with Reader(admin) as elsewhere:
        elsewhere.as_person(person)
        answer = send(reader, "/profile/sessions/end")
        assert "Вы вышли на всех устройствах" in words(reader.get(answer.headers["location"]))
        assert elsewhere.get("/requests").headers["location"] == "/login?next=%2Frequests&reason=expired"
    reader.cookies.update(stolen)
    assert reader.get("/requests").headers["location"] == "/login?next=%2Frequests&reason=expired"


def test_one_sees_what_became_of_ones_sign_ins(reader: Reader, firm: Firm) -> None:
    person, other = firm.hire("accountant"), firm.hire("accountant")
    reader.sign_in(person.email.upper(), "a wrong password")
    reader.sign_in(other.email, "a wrong password")
    reader.as_person(person)
    assert until(lambda: _entries(reader) == ["Вход", "Неудачная попытка"], 30), _entries(reader)


def test_an_unknown_address_is_noted_as_a_hash(reader: Reader, firm: Firm) -> None:
    """The same stranger is told apart, and not named."""
    for _ in range(2):
        reader.sign_in("stranger-of-this-test@example.org", "a wrong password")
    query = "select count(*), count(distinct email_hash) from public.sign_in_log where user_id is null and device = %s"
    device = reader.headers["user-agent"].split("/")[0]
    assert until(lambda: (firm.row(query, device) or (0, 0))[0] >= 2, 30), device
    assert not firm.row("select 1 from public.sign_in_log as s where to_jsonb(s)::text like %s", "%stranger%")


@pytest.mark.parametrize("path", ["/profile", "/profile/password", "/profile/sessions/end", "/profile/sessions/x/end"])
def test_without_a_session_nothing_is_done(reader: Reader, path: str) -> None:
    token = hidden(reader.get("/login"), "_csrf_token")
    assert reader.post(path, data={"_csrf_token": token}).headers["location"].startswith("/login")
    assert reader.post(path).status_code == 403


def _entries(reader: Reader) -> list[str]:
    part = reader.get("/profile").text.partition('id="sign-ins-part"')[2]
    return re.findall(r"<b>([^<]+)</b>", part)


def test_the_person_in_the_header_leads_here(reader: Reader, firm: Firm) -> None:
    person: Colleague = firm.hire("observer")
    reader.as_person(person)
    assert 'href="/profile"' in reader.get("/requests").text


async def test_a_form_that_ends_the_session_is_answered_first(browser: BrowserContext, firm: Firm) -> None:
    """The page's own socket hears of the end before the answer comes, and must not run ahead of it."""
    person = firm.hire("accountant")
    page = await opened(browser, person, "/profile")
    await page.wait_for_function("() => document.documentElement.dataset.link === 'open'")
    await page.get_by_label("Текущий пароль").fill(person.password)
    await page.get_by_label("Новый пароль").fill(NEW)
    await page.get_by_label("Ещё раз").fill(NEW)
    await page.get_by_role("button", name="Изменить пароль").click()
    await expect(page.get_by_text("Пароль изменён. На других устройствах вы вышли.")).to_be_visible()
    await page.wait_for_function("() => document.documentElement.dataset.link === 'open'")
    await page.get_by_role("button", name="Выйти везде").click()
    await expect(page.get_by_text("Вы вышли на всех устройствах.")).to_be_visible()
