"""`python -m admin`."""

import structlog

from admin.app import create_app
from admin.settings import AdminSettings
from infra.reports import tell_settings
from infra.serving import run, serve
from infra.settings import load
from infra.telemetry import configure_logging

log = structlog.get_logger()


def main() -> None:
    """Serve the admin until told to stop."""
    settings = load(AdminSettings)
    configure_logging("admin", settings.log_level)
    tell_settings(settings)
    log.info("admin_started", port=settings.admin_port)
    run(serve(create_app(settings), settings.host, settings.admin_port, settings.trusted_proxies))
    log.info("admin_stopped")


if __name__ == "__main__":
    main()
