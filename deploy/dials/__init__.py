"""The dials of the operator: alert rules for Prometheus and dashboards for Grafana, each declared once."""
