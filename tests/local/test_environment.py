"""What the caller's own variables change about the stack."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.local import environment, keys
from infra.local.settings import Caller, Unfit
from infra.local.up import all_parts
from tests.stack import ROOT

OWN = keys.make()
SUPABASE = {"postgres", "auth", "migrations", "postgrest", "gateway"}
REDIS = {"redis-queue", "redis-cache"}
PROCESSES = {"bot", "jobs", "admin"}


def names(**variables: str) -> set[str]:
    caller = Caller(ROOT, 100, variables)
    return {part.name for part in all_parts(caller, OWN, environment.contract(caller, OWN))}


def contract(**variables: str) -> Mapping[str, str]:
    return environment.contract(Caller(Path("/somewhere"), 100, variables), OWN)


def test_a_caller_who_brings_nothing_gets_everything() -> None:
    assert names() == {*SUPABASE, *REDIS, *PROCESSES, "simulator"}


def test_a_caller_with_a_bot_api_gets_no_simulator() -> None:
    assert names(TELEGRAM_API_URL="http://127.0.0.1:9999") == {*SUPABASE, *REDIS, *PROCESSES}


def test_a_caller_with_a_hosted_project_gets_no_supabase() -> None:
    hosted = {"SUPABASE_URL": "https://abc.supabase.co", "SUPABASE_ANON_KEY": "a", "SUPABASE_SERVICE_ROLE_KEY": "b"}
    assert names(**hosted) == {*REDIS, *PROCESSES, "simulator"}
    assert contract(**hosted)["SUPABASE_URL"] == "https://abc.supabase.co"


def test_a_hosted_project_needs_its_keys() -> None:
    with pytest.raises(Unfit, match="set SUPABASE_ANON_KEY and SUPABASE_SERVICE_ROLE_KEY too"):
        names(SUPABASE_URL="https://abc.supabase.co")


def test_a_shell_that_has_sourced_the_local_environment_changes_nothing() -> None:
    assert names(**contract()) == names()
    assert contract(**contract()) == contract()


def test_every_port_is_shifted() -> None:
    plain = environment.contract(Caller(ROOT, 0, {}), OWN)
    ports = {name: int(value) for name, value in plain.items() if name.endswith("PORT")}
    assert {name: str(port + 100) for name, port in ports.items()}.items() <= contract().items()
    assert contract()["SUPABASE_URL"] == "http://127.0.0.1:8100"


def test_addresses_follow_the_port_that_the_caller_chose() -> None:
    found = contract(PORT="4000", ADMIN_PORT="4001")
    assert (found["WEBHOOK_URL"], found["ADMIN_URL"]) == ("http://127.0.0.1:4000/webhook", "http://127.0.0.1:4001")


def test_parts_inherit_no_variable_of_the_contract_nor_of_a_library() -> None:
    given = {"PATH": "/bin", "SESSION_SECRET": "s", "PGHOST": "elsewhere", "SUPABASE_ACCESS_TOKEN": "t", "TZ": "UTC"}
    caller = Caller(ROOT, 100, given)
    assert environment.inherited(caller, environment.contract(caller, OWN)).keys() == {
        "PATH",
        "TZ",
        "NO_PROXY",
        "no_proxy",
    }


def test_parts_reach_each_other_past_the_callers_proxy() -> None:
    caller = Caller(ROOT, 100, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "intranet"})
    found = environment.inherited(caller, environment.contract(caller, OWN))
    assert (found["HTTPS_PROXY"], found["no_proxy"]) == ("http://proxy:3128", "intranet,127.0.0.1")


def test_the_default_ports_are_out_of_the_way_of_outgoing_connections() -> None:
    caller = Caller(ROOT, 1900, {})
    for part in all_parts(caller, OWN, environment.contract(caller, OWN)):
        assert all(port < 32768 for port in part.ports.values())


@pytest.mark.parametrize("port", ["abc", "0", "99999", "-1", "80 80"])
@pytest.mark.parametrize("name", ["PORT", "ADMIN_PORT", "JOBS_METRICS_PORT", "SIMULATOR_PORT"])
def test_a_port_that_is_none_is_named(name: str, port: str) -> None:
    with pytest.raises(Unfit, match=f"{name}={port} is no port"):
        contract(**{name: port})
