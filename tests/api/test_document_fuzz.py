"""Whatever is sent to the document routes, nothing is a server error and no job fails inside."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from urllib.parse import quote

import docx
import httpx2 as httpx
import openpyxl
import pytest
from document_client import finished
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

Reply = httpx.Response
SEED = 11
TIMES = settings(
    max_examples=120, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
BOUNDARY = b"xXx"
ENDINGS = (
    ".txt", ".md", ".html", ".srt", ".vtt", ".csv", ".tsv", ".json", ".jsonl", ".po", ".xlf",
    ".docx", ".pptx", ".xlsx", ".hwpx", ".epub", ".pdf", ".hwp", ".exe", ".DOCX", "", ".",
    ".docx.txt",
)  # fmt: skip
ODD_NAMES = (
    "", ".", "..", "/", "../../etc/passwd", "a\\b", "한글", "a\u202etxt", "\x00", "\r\nX-Evil: 1",
    '"', "'", ";", "%00", "%2e%2e", "é" * 200, "x" * 5000, "\ufeff", "CON", "~", "\U0001f600",
    "\udcff",
)  # fmt: skip
NUMBERS = ("0", "-1", "1", "9" * 30, "1e400", "NaN", "0x10", "１", "٣", " 1 ", "1.0", "")
TEXTS = (
    "안녕하세요.\n커피 한 잔 주세요.\n",
    '이름,설명\n물,"커피 한 잔"\n',
    "1\n00:00:01,000 --> 00:00:02,500\n안녕하세요.\n\n",
    "WEBVTT\n\n00:01.000 --> 00:02.000\n안녕하세요.\n",
    '{"가": ["나", {"다": "라"}]}',
    '<!doctype html><p class="a">안녕하세요. <b>커피</b></p><script>가</script>',
    'msgid ""\nmsgstr ""\n\nmsgid "커피"\nmsgstr ""\n',
    '<xliff version="1.2"><file source-language="ko"><body><trans-unit id="1"><source>커피</source>'
    "</trans-unit></body></file></xliff>",
    "# 제목\n\n- [커피](http://a)\n",
    "가" * 5000,
    "[" * 20_000,
    "<a>" * 3000 + "가",
    "",
)


def word_file() -> bytes:
    made = docx.Document()
    made.add_heading("안녕하세요.", 1)
    made.add_paragraph("커피 한 잔 주세요.")
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def excel_file() -> bytes:
    made = openpyxl.Workbook()
    made.worksheets[0].append(["커피", 3, "=A1"])
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


ARCHIVES = (word_file(), excel_file())
names = st.builds(
    lambda stem, ending: stem + ending,
    st.sampled_from(ODD_NAMES) | st.text(max_size=30), st.sampled_from(ENDINGS),
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Gives a file that is cut short, or has some other bytes in it."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 4))):
        if data:
            place = draw(st.integers(0, len(data) - 1))
            data[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(data[: draw(st.integers(0, len(data)) | st.just(len(data)))])


@st.composite
def repacked(draw: st.DrawFn) -> bytes:
    """Gives an archive, one of whose parts is damaged, missing, or twice there."""
    source = zipfile.ZipFile(io.BytesIO(draw(st.sampled_from(ARCHIVES))))
    parts = {name: source.read(name) for name in source.namelist()}
    chosen = draw(st.sampled_from(sorted(parts)))
    change = draw(st.sampled_from(("damage", "drop", "text")))
    if change == "drop":
        del parts[chosen]
    else:
        texts = st.sampled_from([text.encode() for text in TEXTS])
        kept = st.just(parts[chosen])
        parts[chosen] = draw(damaged(kept) if change == "damage" else texts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


contents = st.one_of(
    st.binary(max_size=200),
    damaged(st.sampled_from([text.encode() for text in TEXTS])),
    damaged(st.sampled_from([text.encode("cp949") for text in TEXTS])),
    damaged(st.sampled_from([text.encode("utf-16") for text in TEXTS])),
    damaged(st.sampled_from(ARCHIVES)),
    repacked(),
)
files = st.one_of(
    st.tuples(names, contents),
    st.tuples(st.sampled_from(("a.docx", "a.xlsx", "a.pptx")), repacked()),
    st.tuples(names, st.sampled_from([text.encode() for text in TEXTS])),
)
wishes = st.dictionaries(
    st.sampled_from(
        ("model", "glossary", "column", "target_lang", "source_lang", "source", "target",
         "output_format", "formality", "glossary_id", "filename", "file")
    ),
    st.one_of(
        st.sampled_from((*NUMBERS, "KO", "EN", "ko", "en", "tiny")),
        st.sampled_from(("{}", '{"커피": "tea"}', "[" * 5000, '{"a":' * 5000)),
        st.sampled_from(ODD_NAMES), st.text(max_size=20),
    ),
    max_size=4,
)  # fmt: skip
ROUTES = {
    "/v1/documents": {},
    "/v2/document": {"target_lang": "EN"},
    "/translate_file": {"source": "ko", "target": "en"},
}


def part(disposition: str, data: bytes) -> bytes:
    head = f"Content-Disposition: form-data; {disposition}\r\n\r\n".encode("utf-8", "replace")
    return b"--" + BOUNDARY + b"\r\n" + head + data + b"\r\n"


def body(name: str, data: bytes, fields: dict[str, str]) -> bytes:
    """Gives a form, written by hand so that nothing is escaped or left out on the way."""
    parts = [
        part(f'name="{field}"', text.encode("utf-8", "replace")) for field, text in fields.items()
    ]
    return b"".join([*parts, part(f'name="file"; filename="{name}"', data), b"--xXx--\r\n"])


def post(http: httpx.Client, route: str, data: bytes) -> Reply:
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}
    return http.post(route, content=data, headers=headers)


def settle(http: httpx.Client, route: str, reply: Reply) -> str:
    """Waits for a job that was taken, fetches its result and removes it; tells how it ended."""
    if route != "/v1/documents" or reply.status_code != 202:
        return str(reply.status_code)
    path = reply.headers["Location"]
    job = finished(http, reply.json()["id"])
    result = http.get(path + "/result")
    assert result.status_code == (200 if job["status"] == "done" else 409)
    assert http.delete(path).status_code == 204
    return f"{job['status']} {(job['error'] or {}).get('type', '')}".strip()


@pytest.mark.parametrize("route", ROUTES)
def test_no_upload_is_a_server_error(http: httpx.Client, route: str) -> None:
    ends: Counter[str] = Counter()

    @seed(SEED)
    @TIMES
    @given(file=files, fields=st.just({}) | wishes)
    def upload(file: tuple[str, bytes], fields: dict[str, str]) -> None:
        reply = post(http, route, body(*file, ROUTES[route] | fields))
        assert reply.status_code < 500, reply.text
        end = settle(http, route, reply)
        assert not end.startswith("failed"), end
        ends[end] += 1

    upload()
    # Some are taken and some are refused: both ways were walked.
    assert {"done", "200"} & ends.keys(), ends
    assert {"415", "422", "400"} & ends.keys(), ends


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other",
     "multipart/form-data; b=\xe9", "multipart/mixed; boundary=xXx", "application/json",
     "text/plain"],
)  # fmt: skip
def test_no_broken_form_is_a_server_error(http: httpx.Client, route: str, kind: str) -> None:
    whole = body("a.txt", TEXTS[0].encode(), ROUTES[route])
    many = part('name="x"', b"") * 5000
    empty = b"--xXx\r\n\r\n\r\n--xXx--"
    for data in (whole, whole[:-12], whole[:40], b"", empty, many, bytes(999)):
        reply = http.post(route, content=data, headers={"Content-Type": kind.encode("latin-1")})
        assert 400 <= reply.status_code < 500, (kind, data[:80], reply.text)


ids = st.one_of(
    st.sampled_from((*NUMBERS, *ODD_NAMES)),
    st.sampled_from(("0" * 32, "F" * 32, "0" * 33, "formats", "formats/", "..;/")),
    st.text(max_size=40),
)  # fmt: skip
VISITS: tuple[Callable[[httpx.Client, str], Reply], ...] = (
    lambda http, id: http.get(f"/v1/documents/{id}"),
    lambda http, id: http.get(f"/v1/documents/{id}/result"),
    lambda http, id: http.get(f"/v1/documents/{id}/events"),
    lambda http, id: http.delete(f"/v1/documents/{id}"),
    lambda http, id: http.post(f"/v2/document/{id}", json={"document_key": id}),
    lambda http, id: http.post(f"/v2/document/{id}", data={"document_key": id}),
    lambda http, id: http.post(f"/v2/document/{id}/result", json={"document_key": [id]}),
    lambda http, id: http.post(f"/v2/document/{id}/result", content=json.dumps(id)),
    lambda http, id: http.get(f"/download_file/{id}"),
)


def test_no_id_is_a_server_error(http: httpx.Client) -> None:
    statuses: Counter[int] = Counter()

    @seed(SEED)
    @TIMES
    @given(id=ids)
    def visit(id: str) -> None:
        sent = quote(id, safe="", errors="replace")
        for go in VISITS:
            status = go(http, sent).status_code
            assert status < 500
            statuses[status] += 1

    visit()
    assert statuses[404] > 100
