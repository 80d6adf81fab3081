"""The child's side of a comparison: orders come as lines of JSON, answers with CPU seconds go back.

Imports the standard library alone, for it also runs in the peers' environment.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

Order = dict[str, Any]


def serve(build: Callable[[Order], Callable[[Order], Order]]) -> None:
    """Builds the work from the first line of stdin, then does it once for each further line.

    Every answer is what the work gave and `cpu_s` and `wall_s`, of all threads of this process.
    Whatever libraries print goes to stderr.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    work = build(json.loads(sys.stdin.readline()))
    _answer(answers, {"ready": True})
    for line in sys.stdin:
        began, began_cpu = time.perf_counter(), time.process_time()
        result = work(json.loads(line))
        cpu_s = time.process_time() - began_cpu
        _answer(answers, {**result, "cpu_s": cpu_s, "wall_s": time.perf_counter() - began})


def _answer(answers: Any, content: Order) -> None:
    print(json.dumps(content), file=answers, flush=True)
