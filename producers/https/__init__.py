"""Sends messages and reads receipts over HTTPS, for a machine that reaches no Kafka port. The other side is ``producers/gateway``."""
