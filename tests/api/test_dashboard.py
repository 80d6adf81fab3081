"""The dashboard and the alerts ask for what /metrics has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

DOCKER = Path(__file__).resolve().parents[2] / "docker"
SUFFIXES = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_sum", "_count"),
    "gauge": ("",),
    "info": ("_info",),
}


@pytest.mark.parametrize("file", ["grafana/dashboards/korean-nmt.json", "alerts.yml"])
def test_monitoring_uses_only_metrics_that_exist(client: TestClient, file: str) -> None:
    families = list(text_string_to_metric_families(client.get("/metrics").text))
    known = {family.name + suffix for family in families for suffix in SUFFIXES[family.type]}
    asked = set(re.findall(r"\b(?:nmt|process)_[a-z_]+", (DOCKER / file).read_text("utf-8")))
    assert len(asked) >= 5
    assert sorted(asked - known) == []
