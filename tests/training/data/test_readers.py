from __future__ import annotations

import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from training.data.manifest import Source
from training.data.readers import group_files, iter_pairs
from training.errors import DataError

PAIRS = [("안녕하세요.", "Hello there."), ("고맙습니다.", "Thank you very much.")]
KOREAN = "".join(f"{src}\n" for src, _ in PAIRS)
ENGLISH = "".join(f"{tgt}\n" for _, tgt in PAIRS)
TSV = "".join(f"{src}\t{tgt}\n" for src, tgt in PAIRS)


def read(*files: Path) -> list[tuple[str, str]]:
    return list(iter_pairs(Source("s", files)))


@pytest.mark.parametrize("name", ["a.tsv", "a.tsv.gz", "a.tsv.xz", "a.txt"])
def test_tsv_reads_through_compression(tmp_path: Path, name: str) -> None:
    opener = {".gz": gzip.open, ".xz": lzma.open}.get(Path(name).suffix, open)
    with opener(tmp_path / name, "wb") as stream:  # type: ignore[operator]
        stream.write(TSV.encode())
    assert read(tmp_path / name) == PAIRS


def test_tsv_finds_the_columns_of_tatoeba(tmp_path: Path) -> None:
    path = tmp_path / "tatoeba.tsv"
    rows = [f"{i}\t{tgt}\t{i + 7}\t{src}\tCC-BY\n" for i, (src, tgt) in enumerate(PAIRS)]
    path.write_text("".join(rows), encoding="utf-8")
    assert read(path) == PAIRS


def test_tsv_keeps_line_separators_inside_a_text(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("안녕\u2028하세요\x0b.\tHello\x85 there.\r\n", encoding="utf-8")
    assert read(path) == [("안녕\u2028하세요\x0b.", "Hello\x85 there.")]


def test_moses_files_are_paired_by_name(tmp_path: Path) -> None:
    (tmp_path / "news.ko").write_text(KOREAN, encoding="utf-8")
    (tmp_path / "news.en.gz").write_bytes(gzip.compress(ENGLISH.encode()))
    [(name, files)] = group_files(tmp_path)
    assert name == "news"
    assert read(*files) == PAIRS


def test_moses_files_of_unequal_length_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ko").write_text(KOREAN, encoding="utf-8")
    (tmp_path / "a.en").write_text(ENGLISH + "More.\n", encoding="utf-8")
    with pytest.raises(DataError, match="Korean side ends before line 3"):
        read(tmp_path / "a.ko", tmp_path / "a.en")


def test_moses_file_without_partner_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ko").write_text(KOREAN, encoding="utf-8")
    with pytest.raises(DataError, match=r"no partner.*a\.ko and a\.en"):
        list(group_files(tmp_path))


def test_opus_zip_gives_its_moses_pair(tmp_path: Path) -> None:
    path = tmp_path / "opus.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README", "read me")
        archive.writestr("TED2020.en-ko.en", ENGLISH)
        archive.writestr("TED2020.en-ko.ko", KOREAN)
        archive.writestr("TED2020.en-ko.xml", "<x/>")
    assert read(path) == PAIRS


def test_tatoeba_zip_gives_its_text_table(tmp_path: Path) -> None:
    path = tmp_path / "kor-eng.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_about.txt", "about")
        archive.writestr("kor.txt", "".join(f"{t}\t{s}\tCC-BY\n" for s, t in PAIRS))
    assert read(path) == PAIRS


def test_tar_gives_the_pairs_of_korean_parallel_corpora(tmp_path: Path) -> None:
    path = tmp_path / "korean-english-park.train.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for side, text in (("ko", KOREAN), ("en", ENGLISH)):
            member = tarfile.TarInfo(f"korean-english-park.train.{side}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    assert read(path) == PAIRS


def test_tmx_gives_units_with_both_languages(tmp_path: Path) -> None:
    units = "".join(
        f'<tu><tuv xml:lang="en-US"><seg>{t}</seg></tuv>'
        f'<tuv xml:lang="ko"><seg>{s[:2]}<hi>{s[2:]}</hi></seg></tuv></tu>'
        for s, t in PAIRS
    )
    path = tmp_path / "memory.tmx"
    path.write_text(f'<tmx version="1.4"><body>{units}</body></tmx>', encoding="utf-8")
    assert read(path) == PAIRS


def test_tmx_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "memory.tmx"
    path.write_text("<tmx><body><tu>", encoding="utf-8")
    with pytest.raises(DataError, match="no well-formed TMX"):
        read(path)


RECORDS = [{"sn": i, "ko": s, "en": t, "mt": "x"} for i, (s, t) in enumerate(PAIRS)]


@pytest.mark.parametrize(
    "document",
    [
        json.dumps({"data": RECORDS}, ensure_ascii=False, indent=2),
        json.dumps({"info": "y", "data": RECORDS}),
        json.dumps(RECORDS),
        "".join(json.dumps(r) + "\n" for r in RECORDS),
        json.dumps([{"doc": 1, "sentences": RECORDS}]),
    ],
    ids=["wrapped", "with-header", "list", "lines", "nested"],
)
def test_aihub_json_gives_its_records(tmp_path: Path, document: str) -> None:
    path = tmp_path / "일상생활.json"
    path.write_text(document, encoding="utf-8")
    assert read(path) == PAIRS


def test_aihub_json_streams_records_over_chunk_ends(tmp_path: Path) -> None:
    records = [{"한국어": f"문장 {i} " + "가" * 900, "영어": f"sentence {i}"} for i in range(300)]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"data": records}, ensure_ascii=False), encoding="utf-8")
    assert [tgt for _, tgt in read(path)] == [r["영어"] for r in records]


def test_aihub_json_with_other_keys_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"a": "가", "b": "b"}]), encoding="utf-8")
    with pytest.raises(DataError, match=r"keys \['a', 'b'\]; one must be Korean"):
        read(path)


def test_aihub_json_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(RECORDS)[:-20], encoding="utf-8")
    with pytest.raises(DataError, match="no complete JSON"):
        read(path)


def test_aihub_csv_takes_the_columns_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f'{i},"{s}","{t}"\n' for i, (s, t) in enumerate(PAIRS))
    path.write_text("\ufeffSID,원문,번역문\n" + rows, encoding="utf-8")
    assert read(path) == PAIRS


def test_aihub_folder_is_one_source(tmp_path: Path) -> None:
    folder = tmp_path / "구어체"
    (folder / "Training").mkdir(parents=True)
    for i, record in enumerate(RECORDS):
        (folder / "Training" / f"{i}.json").write_text(json.dumps([record]), encoding="utf-8")
    [(name, files)] = group_files(tmp_path)
    assert name == "구어체"
    assert read(*files) == PAIRS


def test_aihub_xlsx_reads_shared_and_inline_strings(tmp_path: Path) -> None:
    sheet = '<c r="A{r}" t="inlineStr"><is><t>{src}</t></is></c><c r="C{r}" t="s"><v>{n}</v></c>'
    header = '<c r="A1" t="inlineStr"><is><t>원문</t></is></c><c r="C1" t="s"><v>0</v></c>'
    rows = f'<row r="1">{header}</row>' + "".join(
        f'<row r="{i + 2}">{sheet.format(r=i + 2, src=s, n=i + 1)}</row>'
        for i, (s, _) in enumerate(PAIRS)
    )
    namespace = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    strings = "".join(f"<si><t>{t}</t></si>" for t in ["번역문", *(t for _, t in PAIRS)])
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "xl/worksheets/sheet1.xml",
            f"<worksheet {namespace}><sheetData>{rows}</sheetData></worksheet>",
        )
        book.writestr("xl/sharedStrings.xml", f"<sst {namespace}>{strings}</sst>")
    assert read(path) == PAIRS


def test_reader_refuses_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(TSV.encode("cp949"))
    with pytest.raises(DataError, match=r"not UTF-8.*cp949"):
        read(path)


def test_reader_refuses_one_sided_files(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(KOREAN, encoding="utf-8")
    with pytest.raises(DataError, match="one side only; a line is Korean TAB English"):
        read(path)


def test_reader_refuses_empty_files(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.touch()
    with pytest.raises(DataError, match="holds no pairs"):
        read(path)


def test_reader_refuses_damaged_compression(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv.xz"
    path.write_bytes(lzma.compress(TSV.encode())[:-8])
    with pytest.raises(DataError, match="is damaged"):
        read(path)


def test_corpora_folder_with_manifest_reads_train_only(tmp_path: Path) -> None:
    for name in ("train", "dev"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}_set.tsv").write_text(TSV, encoding="utf-8")
    (tmp_path / "MANIFEST.tsv").write_text("name\n", encoding="utf-8")
    assert [name for name, _ in group_files(tmp_path)] == ["train_set"]
