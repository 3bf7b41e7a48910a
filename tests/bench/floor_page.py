"""The floor of the admin's pages: bare Litestar and Jinja2, one read of fifty rows through the same PostgREST.

`SUPABASE_URL=… SUPABASE_ANON_KEY=… PORT=… python -m tests.bench.floor_page`
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
import uvloop
from jinja2 import DictLoader, Environment
from litestar import Litestar, Request, get
from litestar.config.compression import CompressionConfig
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template import TemplateConfig

from infra.supabase import open_http

PAGE = """<!doctype html>
<title>Клиенты</title>
<table>
{% for row in rows %}
  <tr><td>{{ row.name }}</td><td>{{ row.tier }}</td><td>{{ row.created_at }}</td></tr>
{% endfor %}
</table>
"""


@get("/")
async def show(request: Request[Any, Any, Any]) -> Template:
    """Fifty clients, as whoever sent the token may see them."""
    answer = await request.app.state.http.get(
        f"{os.environ['SUPABASE_URL']}/rest/v1/clients",
        params={"select": "id,name,tier,created_at", "order": "name", "limit": "50"},
        headers={
            "accept-profile": "api",
            "apikey": os.environ["SUPABASE_ANON_KEY"],
            "authorization": request.headers["authorization"],
        },
    )
    answer.raise_for_status()
    return Template("page.html", context={"rows": answer.json()})


@asynccontextmanager
async def opened(app: Litestar) -> AsyncIterator[None]:
    async with open_http() as http:
        app.state.http = http
        yield


async def main() -> None:
    """Listen until SIGTERM."""
    templates = JinjaTemplateEngine.from_environment(
        Environment(loader=DictLoader({"page.html": PAGE}), autoescape=True)
    )
    app = Litestar(
        [show],
        lifespan=[opened],
        template_config=TemplateConfig(instance=templates),
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=6),
        openapi_config=None,
        logging_config=None,
    )
    config = uvicorn.Config(app, port=int(os.environ["PORT"]), log_level="warning", access_log=False)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main())
