"""An invitee comes in through the link, once, and nobody else does (I7, I9)."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from tests.admin.firm import PASSWORD, Firm, Role
from tests.admin.process import Admin, Reader, hidden, words


def join(reader: Reader, token: str, password: str = PASSWORD, repeated: str | None = None) -> httpx.Response:
    """Fill the form in; when the link shows none, send it all the same, as an old tab would."""
    page = reader.get(f"/invite/{token}")
    csrf = hidden(page if page.status_code == 200 else reader.get("/login"), "_csrf_token")
    form = {"password": password, "repeated": repeated or password, "_csrf_token": csrf}
    return reader.post(f"/invite/{token}", data=form)


def address() -> str:
    return f"{uuid4()}@buhbot.test"


@pytest.mark.parametrize(
    ("role", "word"),
    [
        ("admin", "администратор"),
        ("manager", "менеджер"),
        ("accountant", "бухгалтер"),
        ("observer", "наблюдатель"),
    ],
)
def test_i7_an_invitee_of_each_role_signs_up_and_is_in(reader: Reader, firm: Firm, role: Role, word: str) -> None:
    email = address()
    token = firm.invite(email, role, "Светлана Белова")
    page = reader.get(f"/invite/{token}")
    assert "Вас приглашают в команду" in words(page) and word in words(page)
    assert email in page.text

    joined = join(reader, token)
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    assert f"Светлана Белова {word}" in words(reader.get("/requests"))


def test_the_page_says_who_invites(admin: Admin, reader: Reader, firm: Firm) -> None:
    chief = firm.hire("admin", "Глеб Главный")
    with Reader(admin) as inviter:
        page = inviter.as_person(chief).get("/team")
        email = address()
        form = {"email": email, "full_name": "Новый Человек", "role": "observer"}
        inviter.post("/team/invitations", data={**form, "_csrf_token": hidden(page, "_csrf_token")})
        link = firm.link_of(email)
        assert f"/invite/{link}" in inviter.get("/team").text
    assert "Глеб Главный приглашает вас" in words(reader.get(f"/invite/{link}"))


@pytest.mark.parametrize(
    ("password", "repeated", "says"),
    [
        ("short", "short", "Пароль короче 10 знаков"),
        (PASSWORD, PASSWORD + "!", "Пароли не совпали"),
        ("я" * 37, "я" * 37, "Пароль слишком длинный"),
    ],
)
def test_a_password_that_will_not_do_is_said_and_changes_nothing(
    reader: Reader, firm: Firm, password: str, repeated: str, says: str
) -> None:
    email = address()
    token = firm.invite(email, "observer")
    refused = join(reader, token, password, repeated)
    assert (refused.status_code, says in words(refused)) == (422, True)
    assert firm.sign_ins_of(email) == 0
    assert join(reader, token).status_code == 303


SENTENCES = {
    "used": (410, "Приглашение уже использовано"),
    "revoked": (410, "Приглашение отозвано"),
    "expired": (410, "Срок приглашения истёк"),
    "unknown": (404, "Приглашение не найдено"),
}


SPOILED = {
    "revoked": "update public.staff_invitations set revoked_at = now() where email = %s",
    "expired": "update public.staff_invitations set created_at = now() - interval '8 days', expires_at = now()"
    " where email = %s",
    "unknown": "delete from public.staff_invitations where email = %s",
}


@pytest.mark.parametrize("ended", SENTENCES)
def test_a_link_that_ended_says_why_and_lets_nobody_in(admin: Admin, reader: Reader, firm: Firm, ended: str) -> None:
    email = address()
    token = firm.invite(email, "observer")
    if ended == "used":
        with Reader(admin) as other:
            join(other, token)
    else:
        firm.run(SPOILED[ended], email)
    before = firm.sign_ins_of(email)
    for page in (reader.get(f"/invite/{token}"), join(reader, token, "another-long-password")):
        assert (page.status_code, SENTENCES[ended][1] in words(page)) == (SENTENCES[ended][0], True)
    assert firm.sign_ins_of(email) == before


@pytest.mark.parametrize("token", ["x", "0" * 56, "%2e%2e%2fadmin", "' or 1=1 --"])
def test_what_is_no_link_of_ours_is_not_found(reader: Reader, token: str) -> None:
    assert reader.get(f"/invite/{token}").status_code == 404


def test_i9_a_creation_that_fails_half_way_leaves_no_sign_in(reader: Reader, firm: Firm) -> None:
    """The person cannot be stored, for the address is taken: no sign-in stays behind, and the link is not spent."""
    email = address()
    token = firm.invite(email, "observer")
    firm.run(
        "insert into public.users (id, email, role, full_name) values (gen_random_uuid(), %s, 'observer', 'Тёзка')",
        email,
    )
    assert join(reader, token).status_code == 503
    assert firm.sign_ins_of(email) == 0
    firm.run("delete from public.users where email = %s", email)
    assert join(reader, token).status_code == 303


def test_one_link_used_twice_at_once_lets_in_one(admin: Admin, firm: Firm) -> None:
    email = address()
    token = firm.invite(email, "observer")

    def arrive(_: int) -> int:
        with Reader(admin) as one:
            one.timeout = httpx.Timeout(30)
            return join(one, token).status_code

    with ThreadPoolExecutor(2) as crowd:
        assert sorted(crowd.map(arrive, range(2))) == [303, 410]
    assert firm.sign_ins_of(email) == 1


def test_no_token_and_no_address_is_logged(admin: Admin, reader: Reader, firm: Firm) -> None:
    email = address()
    token = firm.invite(email, "observer")
    join(reader, token)
    assert "invitation_accepted" in admin.log
    assert token not in admin.log
    assert email not in admin.log
