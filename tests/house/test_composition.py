"""docker-compose.prod.yml keeps its promises, service by service: a slip here is found by nobody until it hurts."""

import re
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

import yaml

from tests.house.test_image import PINNED
from tests.house.test_settings import documented, settings
from tests.house.tree import ROOT, File, Tree, keep, objections

COMPOSITION = "docker-compose.prod.yml"
# Processes, and the settings that each reads.
PROCESSES = {
    "bot": ("ProcessSettings", "ServiceSettings", "ThrottledSettings", "BotSettings"),
    "jobs": ("ProcessSettings", "ServiceSettings", "ModelSettings", "JobsSettings", "OperatorSettings"),
    "admin": ("ProcessSettings", "ThrottledSettings", "AdminSettings"),
}
# What runs in the image; the doctor by hand alone, and it reads what all of them do.
IMAGE = PROCESSES | {"doctor": tuple({kind for kinds in PROCESSES.values() for kind in kinds})}
STORES = {"redis-queue", "redis-cache"}
PUBLIC = {"nginx": ["0.0.0.0:80:80", "0.0.0.0:443:443"]}
# Bot, jobs, admin and both Redis together.
MEGABYTES = 1024
_VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z][A-Z0-9_]*)")


@cache
def _read(text: str) -> dict[str, Any]:
    read = yaml.safe_load(text)
    return read if isinstance(read, dict) else {}


def services(tree: Tree) -> dict[str, dict[str, Any]]:
    """Return the services by name, anchors resolved."""
    found: dict[str, dict[str, Any]] = _read(tree.files.get(COMPOSITION, "")).get("services", {})
    return found


def megabytes(service: dict[str, Any]) -> int:
    """Return the service's limit; nothing when there is none, or not in megabytes."""
    found = re.fullmatch(r"(\d+)m", str(service.get("mem_limit", "")))
    return int(found[1]) if found else 0


def is_pinned(image: str) -> bool:
    # Ours is named by whoever deploys it, by digest; what is built on the machine has a name of its own.
    return image == "${BUHBOT_IMAGE:-buhbot:local}" or bool(PINNED.search(image))


def soft_services(tree: Tree) -> Iterator[str]:
    """Every service is held as tightly as it can be."""
    for name, service in services(tree).items():
        promises = {
            "an exact version": is_pinned(service.get("image", "")),
            "a user that is not root": name in IMAGE or re.match(r"[1-9]", str(service.get("user", ""))),
            "read_only": service.get("read_only") is True,
            "cap_drop: [ALL]": service.get("cap_drop") == ["ALL"] and "cap_add" not in service,
            "no-new-privileges": "no-new-privileges:true" in service.get("security_opt", ()),
            "a health check": name in IMAGE or service.get("healthcheck", {}).get("test"),
            "a memory limit": megabytes(service),
            "logs that rotate": set(service.get("logging", {}).get("options", ())) == {"max-size", "max-file"},
            "restart": service.get("restart") == "unless-stopped",
            "no privileges": not service.get("privileged") and service.get("network_mode") is None,
        }
        yield from (f"{name}: {promise}" for promise, kept in promises.items() if not kept)


def open_ports(tree: Tree) -> Iterator[str]:
    for name, service in services(tree).items():
        for port in service.get("ports", ()):
            if port not in PUBLIC.get(name, ()) and not str(port).startswith("127.0.0.1:"):
                yield f"{name}: {port}"


def reachable_stores(tree: Tree) -> Iterator[str]:
    networks = _read(tree.files.get(COMPOSITION, "")).get("networks", {})
    inner = {name for name, network in networks.items() if (network or {}).get("internal")}
    for name, service in services(tree).items():
        open_to = set(service.get("networks", {"default"})) - inner
        if name in STORES and (service.get("ports") or open_to):
            yield f"{name}: only an internal network, and no ports"


def memory_beyond(tree: Tree) -> Iterator[str]:
    held = {name: megabytes(services(tree)[name]) for name in services(tree) if name in {*PROCESSES, *STORES}}
    if sum(held.values()) > MEGABYTES:
        yield f"{COMPOSITION}: {held} are {sum(held.values())} MB"


def wrongly_told(tree: Tree) -> Iterator[str]:
    """A process is given every setting that it reads, and nothing that it does not."""
    for name, kinds in IMAGE.items():
        given = set(services(tree).get(name, {}).get("environment", {}))
        wanted = {field for kind in kinds for field in fields_of(tree, kind)}
        yield from (f"{name}: {setting} is missing" for setting in wanted - given)
        yield from (f"{name}: {setting} is not for it" for setting in given - wanted)


def fields_of(tree: Tree, kind: str) -> set[str]:
    """Return the variables of one class of settings."""
    found = set[str]()
    for file in tree.texts("/settings.py"):
        body = re.search(rf"^class {kind}\b.*?(?=^\S|\Z)", file.text, re.MULTILINE | re.DOTALL)
        if body:
            found |= set(settings(Tree({file.path: body[0]})))
    return found


def unexplained_variables(tree: Tree) -> Iterator[str]:
    known = documented(tree)
    for file in (
        File(path, tree.files[path]) for path in tree.files if path == COMPOSITION or path.endswith(".template")
    ):
        for found in _VARIABLE.finditer(file.text):
            if found[1] not in known:
                yield f"{file.at(found.start())} {found[1]}"


def test_every_service_is_held_tightly() -> None:
    keep(soft_services, f"{COMPOSITION}: whoever breaks into a part must find nothing there. Missing:")


def test_i11_only_the_proxy_can_be_reached_from_outside() -> None:
    keep(open_ports, "A port without 127.0.0.1 before it passes every firewall that Docker finds:")
    keep(reachable_stores, "Redis has no password, so nobody but the processes may come near it:")


def test_processes_and_redis_fit_into_a_gigabyte() -> None:
    keep(memory_beyond, f"Together they get {MEGABYTES} MB:")


def test_every_process_is_told_what_it_needs_and_no_more() -> None:
    keep(wrongly_told, "A setting that is not passed on is one that an operator sets for nothing:")


def test_the_admin_believes_the_proxy_and_nobody_can_take_its_address() -> None:
    composition = yaml.safe_load((ROOT / COMPOSITION).read_text())
    proxy = composition["services"]["nginx"]["networks"]["edge"]["ipv4_address"]
    assert composition["services"]["admin"]["environment"]["TRUSTED_PROXIES"] == proxy
    [addresses] = composition["networks"]["edge"]["ipam"]["config"]
    assert ip_address(proxy) in ip_network(addresses["subnet"])
    assert ip_address(proxy) not in ip_network(addresses["ip_range"])


def test_what_stands_beside_a_self_hosted_supabase_only_adds_the_way_to_it() -> None:
    beside = yaml.safe_load((ROOT / "infra/docker/self-hosted.yml").read_text())
    assert beside["services"] == {name: {"networks": ["supabase"]} for name in IMAGE}


def test_every_variable_of_the_composition_is_explained() -> None:
    keep(unexplained_variables, "An operator learns of a variable from .env.example only:")


def test_the_composition_rules_bite() -> None:
    good = """
services:
  bot: &bot
    image: redis:7.2.5
    user: "7"
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    healthcheck: {test: [CMD, ask]}
    mem_limit: 1024m
    logging: {options: {max-size: 1m, max-file: "2"}}
    restart: unless-stopped
    environment: {PORT: "1"}
    ports: ["127.0.0.1:1:1"]
  redis-queue:
    <<: *bot
    ports: []
    networks: [inner]
networks: {inner: {internal: true}}
"""
    planted = {COMPOSITION: good, "bot/settings.py": "class BotSettings(BaseSettings):\n    port: int\n"}
    for rule, old, new in (
        (soft_services, "redis:7.2.5", "redis:7"),
        (soft_services, 'user: "7"', "user: root"),
        (soft_services, "read_only: true", "read_only: false"),
        (soft_services, "[ALL]", "[ALL]\n    cap_add: [SYS_ADMIN]"),
        (soft_services, "1024m", "1g"),
        (open_ports, "127.0.0.1:1:1", "1:1"),
        (reachable_stores, "[inner]", "[inner, outer]"),
        (wrongly_told, "PORT", "OLD"),
        (unexplained_variables, '"1"', '"${LOST}"'),
    ):
        assert objections(rule, planted | {COMPOSITION: planted[COMPOSITION].replace(old, new)}), (rule, new)
    for rule in (open_ports, reachable_stores, unexplained_variables):
        assert not objections(rule, planted), rule
    assert objections(memory_beyond, planted)
