"""A browser whose person has come in already: what the sign-in form does there is shown by test_reset and tests/e2e."""

from playwright.async_api import BrowserContext, Page

from tests.admin.firm import Colleague
from tests.admin.process import value_of


async def let_in(browser: BrowserContext, person: Colleague, url: str = "") -> None:
    """Send what the form would send, without drawing it; `url` is an admin's other than the browser's own."""
    form = await (await browser.request.get(f"{url}/login")).text()
    fields = {"email": person.email, "password": person.password, "next": "/requests"}
    answer = await browser.request.post(
        f"{url}/login", form={**fields, "_csrf_token": value_of("_csrf_token", form)}, max_redirects=0
    )
    assert answer.status == 303, await answer.text()


async def opened(browser: BrowserContext, person: Colleague, path: str = "/requests") -> Page:
    """Return a page that somebody who has signed in looks at."""
    await let_in(browser, person)
    page = await browser.new_page()
    await page.goto(path)
    return page
