"""The proxy's configuration is one that nginx takes; what only a running one could show, tests/infra proves."""

import re
import subprocess
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.nginx import MAIN, Ports, Proxy
from tests.stack import ROOT


@pytest.mark.parametrize("main", MAIN)
def test_nginx_takes_the_configuration(tmp_path: Path, main: str) -> None:
    proxy = Proxy(tmp_path / "proxy", Ports(https=20_443, http=20_080, plain=20_081), bots=[3000], admins=[5000])
    found = subprocess.run([*proxy.command(main), "-t"], check=False, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert not re.findall(r"\[warn\].*", found.stderr)


def test_the_webhook_is_for_the_networks_that_telegram_names() -> None:
    stated = (ROOT / "infra/nginx/telegram.conf").read_text()
    assert re.findall(r"^(allow|deny) (.+);", stated, re.MULTILINE) == [
        ("allow", str(ip_network("149.154.160.0/20"))),
        ("allow", str(ip_network("91.108.4.0/22"))),
        ("deny", "all"),
    ]


def test_every_way_in_says_what_it_passes_on() -> None:
    """A `location` that forgot would pass on whatever address the caller claims to have."""
    for name in ("buhbot.conf", "webhook.conf"):
        for place in re.findall(r"location [^{]+\{[^}]*\}", (ROOT / "infra/nginx" / name).read_text()):
            assert ("proxy_pass" in place) == ("include /etc/nginx/buhbot/passed_on.conf;" in place), place
