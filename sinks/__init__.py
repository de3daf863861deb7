"""Kafka in, a store or a person out."""
