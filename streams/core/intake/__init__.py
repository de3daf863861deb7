"""``in.<agency>`` -> journal and receipts: check, identify, enrich. Pure."""
