"""Reads Kafka, and writes to a store or sends to a person."""
