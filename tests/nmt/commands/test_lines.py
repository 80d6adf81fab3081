"""Lines are read in order, without waiting for more than there is, in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nmt.commands import lines as lines_module
from nmt.commands.lines import LineReader
from nmt.errors import InputError


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read_end, write_end = os.pipe()
    yield read_end, write_end
    os.close(read_end)


def read_all(path: Path, encoding: str = "utf-8") -> list[str]:
    with path.open("rb", buffering=0) as file:
        chunks = LineReader(file.fileno(), path.name, encoding).iter_chunks()
        return [line for chunk in chunks for line in chunk.lines]


def test_a_slow_source_is_answered_line_by_line(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    chunks = LineReader(read_end, "stdin").iter_chunks()
    for text, complete in (("가\n", ["가"]), ("나\n다", ["나"]), ("라\n", ["다라"])):
        os.write(write_end, text.encode())
        assert next(chunk.lines for chunk in chunks if chunk.lines) == complete
    os.write(write_end, "끝".encode())
    os.close(write_end)
    assert [line for chunk in chunks for line in chunk.lines] == ["끝"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", []),
        ("\n", [""]),
        ("가\n\n나", ["가", "", "나"]),
        ("가\r\n나\r\n", ["가", "나"]),
        ("\ufeff가\n\ufeff나\n", ["가", "\ufeff나"]),
        ("가\u2028나\x0b다\x85라\n", ["가\u2028나\x0b다\x85라"]),
        ("가\0나\n", ["가\0나"]),
    ],
)
def test_lines_end_at_line_feeds_only(tmp_path: Path, content: str, expected: list[str]) -> None:
    (tmp_path / "in").write_bytes(content.encode())
    assert read_all(tmp_path / "in") == expected


def test_many_lines_come_in_order_and_in_small_chunks(tmp_path: Path) -> None:
    expected = [f"{number}번째 줄" for number in range(20_000)]
    (tmp_path / "in").write_text("\n".join(expected))
    with (tmp_path / "in").open("rb", buffering=0) as file:
        chunks = list(LineReader(file.fileno(), "in").iter_chunks())
    assert [line for chunk in chunks for line in chunk.lines] == expected
    assert len(chunks[0].lines) < 400
    assert max(sum(map(len, chunk.lines)) for chunk in chunks) < 40_000
    assert chunks[-1].n_bytes == (tmp_path / "in").stat().st_size


@pytest.mark.parametrize("encoding", ["cp949", "euc-kr"])
def test_older_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "in").write_bytes("안녕하세요\n반갑습니다".encode(encoding))
    assert read_all(tmp_path / "in", encoding) == ["안녕하세요", "반갑습니다"]


def test_wrong_encoding_says_where_and_what_to_try(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"ok\n" + "안녕\n".encode("cp949"))
    message = r"in: line 2 is not utf-8 \(byte 0xBE at position 1\).* `--encoding cp949`"
    with pytest.raises(InputError, match=message):
        read_all(tmp_path / "in")


def test_utf16_is_named(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes("안녕\n".encode("utf-16"))
    with pytest.raises(
        InputError, match=r"in is UTF-16; convert it first, e\.g\. `iconv -f UTF-16"
    ):
        read_all(tmp_path / "in")


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "MAX_LINE_BYTES", 2**20)
    (tmp_path / "in").write_bytes(b"ok\n" + b"a" * (3 * 2**20))
    with pytest.raises(InputError, match="in: line 2 is longer than 1 MiB; give one text a line"):
        read_all(tmp_path / "in")
