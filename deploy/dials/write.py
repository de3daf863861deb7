"""Writes the files for Prometheus and Grafana: ``python -m mekong.deploy.dials.write``. A test fails when one is not current.

Needs the extra ``dev``. With ``--runbook ADDRESS`` the alerts link to your own copy of the runbook.
With ``--out FOLDER`` the files are written to another folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import yaml

from mekong.deploy.dials import grafana, prometheus
from mekong.deploy.dials.panels import text_of

DEPLOY = Path(__file__).resolve().parents[1]
RULES_FILE = DEPLOY / "prometheus" / "rules.yaml"
SCRAPE_FILE = DEPLOY / "prometheus" / "prometheus.yaml"


def files(runbook: str = prometheus.RUNBOOK) -> dict[str, str]:
    """Path below the folder -> text."""
    return {
        "prometheus/rules.yaml": _yaml(prometheus.rules(runbook), "deploy/dials/rules.py"),
        "prometheus/prometheus.yaml": _yaml(prometheus.scrape(), "deploy/dials/prometheus.py", prometheus.TARGETS),
        "grafana/provisioning/datasources/mekong.yaml": _yaml(grafana.sources(), "deploy/dials/grafana.py"),
        "grafana/provisioning/dashboards/mekong.yaml": _yaml(grafana.dashboards(), "deploy/dials/grafana.py"),
        **{f"grafana/dashboards/{board.uid}.json": text_of(board) for board in grafana.BOARDS},
    }


def _yaml(value: object, source: str, more: str = "") -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, width=140, allow_unicode=True)
    return prometheus.HEAD.format(source=source) + more + text


def main(arguments: Sequence[str] | None = None) -> None:
    """Write all of them. ``arguments``: those of the command line when None."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runbook", default=prometheus.RUNBOOK, help="address of the runbook")
    parser.add_argument("--out", type=Path, default=DEPLOY, help="folder")
    asked = parser.parse_args(arguments)
    for name, text in files(asked.runbook).items():
        path = asked.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
