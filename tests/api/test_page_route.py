"""The page and its files, without a browser: headers, tags, and that nothing is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.routes.page import load_assets

WEB = Path(__file__).resolve().parents[2] / "api" / "web"
MODULES = sorted(path for path in WEB.glob("*.js") if path.name != "early.js")
LONGEST_FILE = 300


def strings(language: str) -> dict[str, str]:
    """Key → text of one language in strings.js."""
    text = (WEB / "strings.js").read_text(encoding="utf-8")
    block = text.split(f"const {language} = {{")[1].split("\n};")[0]
    return dict(re.findall(r'^  (\w+): "(.*)",$', block, re.MULTILINE))


def test_page_is_html_that_may_run_its_own_scripts_only(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:", policy)


def test_page_has_no_inline_script_style_or_foreign_address() -> None:
    html = (WEB / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|https?://", html) == []


def test_page_tells_the_limit_of_the_service(client: TestClient) -> None:
    limit = client.app.state.settings.max_chars  # type: ignore[attr-defined]
    assert f'<meta name="max-chars" content="{limit}">' in client.get("/").text


@pytest.mark.parametrize("path", ["/", "/web/main.js"])
def test_unchanged_file_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path)
    assert first.headers["cache-control"] == "no-cache"
    for tag in (first.headers["etag"], f'"other", W/{first.headers["etag"]}'):
        again = client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    changed = client.get(path, headers={"If-None-Match": '"older"'})
    assert changed.status_code == 200


def test_page_answers_head(client: TestClient) -> None:
    answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("name", ["none.js", "index.html", "..%2fapp.py", "%2e%2e"])
def test_other_paths_are_not_found(client: TestClient, name: str) -> None:
    assert client.get(f"/web/{name}").status_code == 404


def test_unknown_file_is_told_where_the_page_is(client: TestClient) -> None:
    assert "the page is at /" in client.get("/web/none.js").json()["detail"]


def test_page_is_not_in_the_api_description(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert not {"/", "/web/{name}"} & paths.keys()


def test_every_file_that_is_named_is_served(client: TestClient) -> None:
    named = set(re.findall(r'"web/([\w.-]+)"', (WEB / "index.html").read_text(encoding="utf-8")))
    for path in MODULES:
        named |= set(re.findall(r'from "\./([\w.-]+)"', path.read_text(encoding="utf-8")))
    assert named == load_assets().keys()
    for name in named:
        answer = client.get(f"/web/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(("text/css", "text/javascript", "image/"))


def test_every_module_is_fetched_at_once() -> None:
    html = (WEB / "index.html").read_text(encoding="utf-8")
    early = set(re.findall(r'(?:modulepreload" href|module" src)="web/([\w.]+)"', html))
    assert early == {path.name for path in MODULES}


def test_both_languages_say_everything() -> None:
    english, korean = strings("en"), strings("ko")
    assert english.keys() == korean.keys()
    for key, text in english.items():
        assert set(re.findall(r"\{\d\}", text)) == set(re.findall(r"\{\d\}", korean[key])), key


def test_every_text_that_is_asked_for_is_there() -> None:
    html = (WEB / "index.html").read_text(encoding="utf-8")
    asked = set(re.findall(r'data-t(?:-label|-hint)?="(\w+)"', html))
    for path in MODULES:
        asked |= set(re.findall(r'\bsay\("(\w+)"', path.read_text(encoding="utf-8")))
    assert asked - strings("en").keys() == set()


def test_every_flag_is_explained() -> None:
    from nmt.translation import Flag

    wanted = {f"flag_{flag}{end}" for flag in Flag for end in ("", "_about")}
    assert wanted - strings("ko").keys() == set()


def test_scripts_never_make_markup_of_strings() -> None:
    made = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(")
    assert [path.name for path in MODULES if made.search(path.read_text(encoding="utf-8"))] == []


def test_files_of_the_page_stop_at_three_hundred_lines() -> None:
    long = [p.name for p in WEB.rglob("*.*") if len(p.read_bytes().splitlines()) > LONGEST_FILE]
    assert long == []
