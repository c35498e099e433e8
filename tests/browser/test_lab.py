"""JupyterLab starts quietly: no question about news covers the first notebook of a student."""


def test_the_first_start_asks_nothing(server, new_page):
    page = new_page()
    page.goto(f"{server.address}/lab?token={server.token}")
    page.locator(".jp-Launcher, .jp-NotebookPanel").first.wait_for(timeout=120_000)
    page.wait_for_timeout(3_000)  # a question would come some time after the start
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
