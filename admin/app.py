"""Everything the admin serves, in one list."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.template import TemplateConfig

from admin import errors, languages, live, navigation, refusals, sitemap, throttling, toasts
from admin.assets import Assets
from admin.metrics import measured
from admin.people import signed_in
from admin.script_words import script_words
from admin.security import Csrf, csrf_config, refuse_large, secured
from admin.services import Services, open_services
from admin.settings import AdminSettings
from admin.wording import Worded, WordedEnvironment
from infra.supabase import Database, Refused
from infra.telemetry import handlers
from infra.words import _, language, ngettext, number

FOLDER = Path(__file__).parent
LARGEST_BODY_BYTES = 64 * 1024


def create_app(settings: AdminSettings) -> Litestar:
    """Return the app; what it talks to is opened when it starts."""
    assets = Assets(FOLDER / "static")
    opened: list[Services] = []

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        async with open_services(settings) as services:
            opened[:] = [services]
            yield

    def services() -> Services:
        return opened[0]

    app = Litestar(
        [*sitemap.pages(), live.handler(), assets.handler(), *_telemetry(services)],
        dependencies={"services": Provide(services, sync_to_thread=False), "me": Provide(signed_in)},
        middleware=[DefineMiddleware(Csrf, config=csrf_config(settings))],
        guards=[refuse_large, throttling.guard(services)],
        exception_handlers=errors.HANDLERS,
        template_config=TemplateConfig(instance=_templates(assets)),
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=2, exclude_opt_key="compressed"),
        lifespan=[lifespan],
        request_max_body_size=LARGEST_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
    )
    answering = languages.spoken(throttling.told(refusals.noted(app.asgi_handler, services)))
    app.asgi_handler = measured(secured(answering, settings))
    return app


def _telemetry(services: Callable[[], Services]) -> list[HTTPRouteHandler]:
    async def ping_auth() -> None:
        await services().auth.ping()

    async def ping_rest() -> None:
        own = services()
        # The public key alone may read nothing: being refused is how PostgREST and Postgres say that they are there.
        with suppress(Refused):
            await Database(own.http, own.settings.supabase, own.settings.supabase_anon_key).ping()

    async def ping_redis() -> None:
        await services().redis.ping()

    return handlers("admin", needed={"supabase_auth": ping_auth, "supabase_rest": ping_rest, "redis": ping_redis})


def _templates(assets: Assets) -> Worded:
    environment = WordedEnvironment(
        loader=FileSystemLoader(FOLDER),
        # They change with the release, never under it.
        auto_reload=False,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        {"_": _, "ngettext": ngettext, "language": language, "asset": assets.url, "number": number},
        destinations_of=navigation.destinations_of,
        script_words=script_words,
        toasts_of=toasts.toasts_of,
    )
    return Worded(environment)
