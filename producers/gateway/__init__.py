"""Serves one HTTPS address for agencies that reach no Kafka port: messages in, receipts out (docs/https.md)."""
