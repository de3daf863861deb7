"""``mekong export``: puts together the formats (sinks/exports), the reader of sheets (producers/sheets) and ClickHouse."""
