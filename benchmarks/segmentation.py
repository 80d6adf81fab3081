"""Sentence segmentation: the library's rules beside Kiwi, on accuracy, speed, load time and memory.

    python benchmarks/segmentation.py --dev dev/written-dev.ko --dev dev/flores-dev.ko

Gold boundaries of a `--dev` file are its line ends: consecutive lines are joined by a space, once
as they are and once without their final punctuation. A line that holds two sentences itself counts
against a system that finds both, for all systems alike. The hand-written cases are in GOLD.
Each system runs in a process of its own; times are CPU seconds, so that other work on the machine
counts little; median (least–most) of the repeats. Prints Markdown.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from record import add_output, environment, finish, shown, spread

Split = Callable[[str], list[tuple[int, int]]]

GOLD = (
    "저는 서울에 살아요.|내일 부산에 가요.",
    "2024. 3. 5. 서울에서 회의가 열렸다.|참석자는 12명이었다.",
    "원주율은 약 3.14이다.|무리수라고 한다.",
    "Mr. Kim은 U.S. 대사관에 갔다.|그는 오후에 돌아왔다.",
    "자세한 내용은 https://example.com/a.html 을 보세요.|감사합니다.",
    "문의는 help@example.co.kr로 보내 주세요.|답장은 이틀 걸려요.",
    "1. 재료를 씻습니다.|2. 물을 끓입니다.|3. 면을 넣습니다.",
    "가. 신청서를 쓴다.|나. 창구에 낸다.",
    '그는 "뭐라고? 정말이야?"라고 물었다.|나는 대답하지 않았다.',
    "그녀는 “괜찮아요. 걱정 마세요.” 하고 웃었다.|비가 그쳤다.",
    '"어디 가?"|"학교에 가."',
    "그는 '이제 끝이다!' 하고 외쳤다.|모두 조용해졌다.",
    "영화 《어디로 갔을까? 나의 친구》를 봤다.|재미있었다.",
    "그는 (사실은 아니었다.) 의사라고 했다.|아무도 믿지 않았다.",
    "(모두 웃었다.)|그는 자리에 앉았다.",
    "진짜 웃기다ㅋㅋㅋ|내일 또 봐~|안녕",
    "좋아요!! ㅋㅋㅋ|근데 왜요? ㅠㅠ|몰라요",
    "오늘 너무 좋았어요😊|내일 또 만나요❤",
    "음... 글쎄요...|잘 모르겠어요.",
    "그게… 사실은 말이야.|내가 깼어.",
    "뭐?!|진짜야?",
    "집에 갔다.|그리고 바로 잤다.",
    "저는 학생입니다|어제 학교에 갔어요|정말 재미있었죠|그런데 비가 왔다",
    "내일은 못 가요|다음에 봐요",
    "필요 없다고 말했다.|중요 사항은 따로 알려 드릴게요.",
    "아무리 춥다 해도 나가야 한다.|약속이니까.",
    "갔다 왔다 하느라 힘들었다|이제 쉬어야겠다",
    "매출이 전년보다 5.2% 늘었다.|순이익은 1,200억 원이었다.",
    "버전 2.0.1을 설치했다.|문제는 없었다.",
    "회의는 오후 3:30에 시작한다.|늦지 마세요.",
    "네.|알겠습니다.|곧 가겠습니다.",
    "안녕하세요, 여러분!|오늘의 주제는 '왜 우리는 꿈을 꾸는가?'입니다.",
    "그는 J. K. 롤링을 좋아한다.|나도 그렇다.",
    "조사 대상은 한국, 일본 등.|기간은 2주.",
    "물 500 ml를 넣는다.|5분 기다린다.",
    "결과는 표 3.1. 에 있다.|그림은 없다.",
    "사과, 배, 감 등을 샀다.|값이 꽤 나갔다.",
    "어제 산 책을 다 읽었습니다|그래서 오늘 반납하려고요.",
    "한국에서는 나이를 물어보는 일이 흔하다고 합니다만 저는 그렇지 않습니다.",
    "보다 나은 내일을 위해 오늘도 걷는다.",
    "그러니까 내 말은 네가 맞다는 거야.",
    "왔노라, 보았노라, 이겼노라.",
    "누가 했는지는 나도 몰라요!|그런데요 저도 궁금해요.",
    "가격은 3~5만 원이다.|배송비는 따로다.",
    "㈜한빛은 어제 새 제품을 냈다.|반응이 좋다.",
)  # fmt: skip


def iter_documents(lines: list[str], size: int) -> Iterator[list[str]]:
    """Groups of `size` consecutive lines."""
    for start in range(0, len(lines), size):
        yield lines[start : start + size]


def joined(parts: list[str]) -> tuple[str, set[int]]:
    """The parts joined by spaces, and the offsets where each but the last one ends."""
    ends, length = set(), -1
    for part in parts:
        length += 1 + len(part)
        ends.add(length)
    return " ".join(parts), ends - {length}


def gold_sets(paths: list[Path], size: int) -> dict[str, list[list[str]]]:
    """Name of a gold set → its documents as lists of sentences."""
    sets = {"hand-written cases": [case.split("|") for case in GOLD]}
    for path in paths:
        lines = [" ".join(line.split()) for line in path.read_text("utf-8").splitlines()]
        lines = [line for line in lines if line]
        bare = [line.rstrip(".!?。…\"'”’ ") or line for line in lines]
        sets[path.name] = list(iter_documents(lines, size))
        sets[f"{path.name}, no final marks"] = list(iter_documents(bare, size))
    return sets


def load_rules() -> Split:
    """This library's splitter."""
    from nmt.text.segment import split_sentences

    return lambda text: [(part.start, part.end) for part in split_sentences(text)]


def load_kiwi() -> Split:
    """Kiwi's splitter with its default model."""
    from kiwipiepy import Kiwi

    kiwi = Kiwi(num_workers=1)
    kiwi.split_into_sents("준비.")
    return lambda text: [(part.start, part.end) for part in kiwi.split_into_sents(text)]


SYSTEMS = {"rules": load_rules, "kiwi": load_kiwi}


def measure(system: str, sets: dict[str, list[list[str]]], show_errors: bool) -> dict[str, Any]:
    """Load time, memory, speed and boundary scores of one system."""
    base_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    split = SYSTEMS[system]()
    load_s = time.process_time() - started
    scores, chars, split_s = {}, 0, 0.0
    for name, documents in sets.items():
        right = found = wanted = exact = 0
        for parts in documents:
            text, gold = joined(parts)
            started = time.process_time()
            ends = {end for _, end in split(text)} - {len(text)}
            split_s += time.process_time() - started
            chars += len(text)
            right, found, wanted = right + len(ends & gold), found + len(ends), wanted + len(gold)
            exact += ends == gold
            if show_errors and ends != gold:
                print_errors(system, name, text, ends, gold)
        scores[name] = {
            "precision": right / max(found, 1),
            "recall": right / max(wanted, 1),
            "f1": 2 * right / max(found + wanted, 1),
            "exact": exact / len(documents),
        }
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "load_s": load_s,
        "added_mib": (peak_kib - base_kib) / 1024,
        "chars_per_s": chars / split_s,
        "scores": scores,
    }


def print_errors(system: str, name: str, text: str, ends: set[int], gold: set[int]) -> None:
    """Each wrong (+) and missed (-) boundary with the characters around it, to stderr."""
    for at in sorted(ends ^ gold):
        sign = "+" if at in ends else "-"
        around = f"{text[max(0, at - 25) : at]}‖{text[at : at + 20]}"
        print(f"{system}\t{name}\t{sign}\t{around}", file=sys.stderr)


def report(results: dict[str, list[dict[str, Any]]]) -> str:
    """The results as two Markdown tables; scores are the same in every run."""
    lines = [
        "| system | load, CPU s | added MiB | thousand characters per CPU s |", "|---|--:|--:|--:|",
        *(
            f"| {system} | {shown(spread([run['load_s'] for run in runs]), 3)} "
            f"| {shown(spread([run['added_mib'] for run in runs]), 0)} "
            f"| {shown(spread([run['chars_per_s'] / 1000 for run in runs]), 0)} |"
            for system, runs in results.items()
        ),
        "", "| set | system | precision | recall | F1 | documents all right |",
        "|---|---|--:|--:|--:|--:|",
    ]  # fmt: skip
    for name in next(iter(results.values()))[0]["scores"]:
        for system, runs in results.items():
            s = runs[0]["scores"][name]
            cells = (f"{100 * s[key]:.1f}" for key in ("precision", "recall", "f1", "exact"))
            lines.append(f"| {name} | {system} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Runs each system in its own process and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--dev", type=Path, action="append", default=[], help="lines of Korean")
    parser.add_argument("--lines", type=int, default=5, help="lines joined to one document")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--show-errors", action="store_true", help="wrong boundaries to stderr")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--one", choices=SYSTEMS, help=argparse.SUPPRESS)
    add_output(parser)
    args = parser.parse_args(argv)
    if args.one:
        sets = gold_sets(args.dev, args.lines)
        print(json.dumps(measure(args.one, sets, args.show_errors)))
        return 0
    around = environment(threads=1)
    results: dict[str, list[dict[str, Any]]] = {system: [] for system in args.systems}
    for _ in range(args.repeats):
        for system, runs in results.items():
            command = [sys.executable, __file__, *(argv or sys.argv[1:]), "--one", system]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
            runs.append(json.loads(done.stdout))
    finish({"systems": results}, around, report(results), args.output)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
