"""`make admin` and `make remove-person`, as the operator runs them."""

import os
import subprocess
import sys
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.stack import ROOT, Stack

PASSWORD = "a-long-enough-password"


def run(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jobs.staff", *arguments]
    environment = {**stack.env, "PATH": os.environ["PATH"]}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


def role_of(stack: Stack, email: str) -> str | None:
    with psycopg.connect(stack.env["DATABASE_URL"]) as operator:
        found = operator.execute("select role from public.users where email = %s and active", [email]).fetchone()
    return found[0] if found else None


def test_i7_the_first_admin_comes_in_by_the_printed_link_and_goes_again(stack: Stack) -> None:
    email = f"{uuid4()}@buhbot.test"
    said = run(stack, "admin", email, "Анна Первая")
    assert said.returncode == 0, said.stderr
    link = said.stdout.split()[-1]
    assert link.startswith(stack.env["ADMIN_URL"] + "/invite/")
    assert run(stack, "admin", email.upper()).stdout == said.stdout

    body = {"email": email, "password": PASSWORD, "data": {"invitation": link.rsplit("/", 1)[1]}}
    url = f"{stack.env['SUPABASE_URL']}/auth/v1/signup"
    httpx.post(url, json=body, headers={"apikey": stack.env["SUPABASE_ANON_KEY"]}).raise_for_status()
    assert role_of(stack, email) == "admin"
    assert "admin now" in run(stack, "admin", email).stdout
    assert run(stack, "remove-person", email).returncode == 0
    assert role_of(stack, email) is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("admin", "nobody"), "no e-mail address"),
        (("admin", ""), "say who: EMAIL="),
        (("remove-person", " "), "say who: EMAIL="),
        (("remove-person", "nobody@buhbot.test"), "nobody of the firm"),
        (("remove-person", "accountant@buhbot.test"), "answers for the chat ООО Ромашка"),
    ],
)
def test_i8_what_is_in_the_way_is_named_in_words(stack: Stack, arguments: tuple[str, str], says: str) -> None:
    said = run(stack, *arguments)
    assert (said.returncode, says in said.stderr) == (1, True), said.stderr
    assert "Traceback" not in said.stderr


def test_an_unreachable_database_is_said_in_one_line(stack: Stack) -> None:
    environment = {**stack.env, "PATH": os.environ["PATH"], "SUPABASE_URL": "http://127.0.0.1:1"}
    command = [sys.executable, "-m", "jobs.staff", "admin", "x@y.test"]
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == 1
    assert said.stderr.startswith("the database cannot be reached") and said.stderr.count("\n") == 1
