"""The contract's variables: their local defaults, what the caller put in their place, and `.local/env`."""

import shlex
from collections.abc import Mapping

from infra.local.keys import Keys, write_private
from infra.local.settings import Caller, Unfit

_PORTS = ("PORT", "ADMIN_PORT", "JOBS_METRICS_PORT", "SIMULATOR_PORT")
_DIRECT = ("NO_PROXY", "no_proxy")


def contract(caller: Caller, keys: Keys) -> dict[str, str]:
    """Return every variable of the contract; the caller's own values win."""
    local = _defaults(caller, keys)
    values = {name: caller.variables.get(name, default) for name, default in local.items()}
    for name in _PORTS:
        if not (values[name].isdecimal() and int(values[name]) in range(1, 65536)):
            raise Unfit(f"{name}={values[name]} is no port, such as {name}={local[name]}")
    # These follow the ports, whoever chose them.
    follow = {
        "WEBHOOK_URL": f"http://127.0.0.1:{values['PORT']}/webhook",
        "ADMIN_URL": f"http://127.0.0.1:{values['ADMIN_PORT']}",
        "BOT_URL": f"http://127.0.0.1:{values['PORT']}",
    }
    return values | {name: caller.variables.get(name, default) for name, default in follow.items()}


def hosted(caller: Caller, keys: Keys) -> set[str]:
    """Return which of the services that have a URL the caller brings himself.

    A URL that is the local default is not: it comes from a shell that has sourced `.local/env`.
    """
    urls = ("SUPABASE_URL", "REDIS_URL", "REDIS_CACHE_URL", "TELEGRAM_API_URL")
    local = _defaults(caller, keys)
    brought = {name for name in urls if caller.variables.get(name, local[name]).rstrip("/") != local[name]}
    missing = {"SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY"} - caller.variables.keys()
    if "SUPABASE_URL" in brought and missing:
        raise Unfit(f"SUPABASE_URL points at a project of yours: set {' and '.join(sorted(missing))} too, or unset it")
    return brought


def inherited(caller: Caller, variables: Mapping[str, str]) -> dict[str, str]:
    """Return what every part inherits: the caller's environment without the contract, of which each gets its own share.

    Variables that libpq, PostgREST and the Supabase CLI read by themselves stay outside too.
    """
    foreign = ("PG", "SUPABASE_")
    kept = {name: value for name, value in caller.variables.items() if not name.startswith(foreign)}
    # The parts talk to each other without the proxy that the caller may need for the world.
    direct = ",".join(filter(None, [caller.variables.get("no_proxy"), caller.variables.get("NO_PROXY"), "127.0.0.1"]))
    return {name: value for name, value in kept.items() if name not in variables} | dict.fromkeys(_DIRECT, direct)


def write(caller: Caller, variables: Mapping[str, str]) -> None:
    """Write `.local/env`, which a shell can source."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables.items()]
    write_private(caller.home / "env", "".join(lines))


def _defaults(caller: Caller, keys: Keys) -> dict[str, str]:
    return {
        "SUPABASE_URL": f"http://127.0.0.1:{caller.port('gateway')}",
        "SUPABASE_ANON_KEY": keys.publishable_key,
        "SUPABASE_SERVICE_ROLE_KEY": keys.secret_key,
        "DATABASE_URL": f"postgresql://postgres:postgres@127.0.0.1:{caller.port('postgres')}/postgres",
        "REDIS_URL": f"redis://127.0.0.1:{caller.port('redis-queue')}/0",
        "REDIS_CACHE_URL": f"redis://127.0.0.1:{caller.port('redis-cache')}/0",
        "TELEGRAM_API_URL": f"http://127.0.0.1:{caller.port('simulator')}",
        "TELEGRAM_BOT_TOKEN": keys.bot_token,
        "TELEGRAM_WEBHOOK_SECRET": keys.webhook_secret,
        "SESSION_SECRET": keys.session_secret,
        "PORT": str(caller.port("bot")),
        "ADMIN_PORT": str(caller.port("admin")),
        "JOBS_METRICS_PORT": str(caller.port("jobs")),
        "SIMULATOR_PORT": str(caller.port("simulator")),
        "HOST": "127.0.0.1",
        "LOG_LEVEL": "info",
    }
