"""Lists the dashboards, and makes the files by which Grafana finds them and its data sources (provisioning)."""

from __future__ import annotations

from mekong.deploy.dials.operations import OPERATIONS
from mekong.deploy.dials.overview import OVERVIEW
from mekong.deploy.dials.panels import CLICKHOUSE, PROMETHEUS, UIDS

BOARDS = (OPERATIONS, OVERVIEW)
"""All dashboards."""
FOLDER = "/etc/mekong/grafana/dashboards"
"""Where Grafana looks for the dashboards: copy deploy/grafana/dashboards there."""


_OF_CLICKHOUSE = {
    "host": "${MEKONG_GRAFANA_CLICKHOUSE_HOST}",
    "port": "${MEKONG_GRAFANA_CLICKHOUSE_PORT}",
    "protocol": "http",
    "secure": False,
    "username": "${MEKONG_GRAFANA_CLICKHOUSE_USER}",
    "defaultDatabase": "mekong",
}


def sources() -> dict[str, object]:
    """Grafana's data sources. Addresses and the password are variables of Grafana's process."""
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Seizure Exchange: Prometheus",
                "uid": UIDS[PROMETHEUS],
                "type": PROMETHEUS,
                "access": "proxy",
                "url": "${MEKONG_GRAFANA_PROMETHEUS_URL}",
            },
            {
                "name": "Seizure Exchange: ClickHouse",
                "uid": UIDS[CLICKHOUSE],
                "type": CLICKHOUSE,
                "jsonData": _OF_CLICKHOUSE,
                "secureJsonData": {"password": "${MEKONG_GRAFANA_CLICKHOUSE_PASSWORD}"},
            },
        ],
    }


def dashboards() -> dict[str, object]:
    """Where the dashboards are."""
    provider = {
        "name": "Seizure Exchange",
        "folder": "Seizure Exchange",
        "type": "file",
        "allowUiUpdates": False,
        "options": {"path": FOLDER},
    }
    return {"apiVersion": 1, "providers": [provider]}
