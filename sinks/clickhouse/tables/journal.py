"""``journal.v1`` -> ``journal``: a row for each version, tick and agency profile."""

from __future__ import annotations

from schemas.topics import JOURNAL
from sinks.clickhouse.table import Table

_LINE = (
    "Tuple(commodity_group String, substance_or_taxon String, term_code String, quantity Nullable(Decimal(38, 12)), unit String,"
    " quantity_kind String, hs6 String, purity Nullable(Decimal(9, 4)), cites_source String, cites_purpose String)"
)
_ENRICHED_LINE = (
    "Tuple(code String, name String, appendix String, schedule String, hs6 String, base_quantity Nullable(Decimal(38, 12)),"
    " base_unit String, factor_id String, mass_mg Int64)"
)
_CONTENT = f"""Tuple(
  reported_at String, method_note String, related_to Array(UUID), simulated Bool,
  handling Tuple(tlp String, handling_code String, release_to Array(String), source_grade String, information_grade String),
  transport_mode String, conveyance String, direction String, detection_methods Array(String), concealment_methods Array(String),
  route Array(Tuple(role String, country String, confidence String, locode String)),
  seized_at String, country String, admin1 String, place String, place_type String,
  lat Nullable(Decimal(9, 6)), lon Nullable(Decimal(9, 6)), lines Array({_LINE}),
  reason_for_seizure String, value_amount Nullable(Decimal(18, 4)), value_currency String,
  suspects Tuple(count Nullable(UInt16), nationalities Array(String)),
  legal_basis String, sanction String, disposal String, outcome String, reason String,
  to Array(String), feedback_by String, commodity_groups Array(String), substances_or_taxa Array(String),
  in_reply_to UUID, unmapped Array(Tuple(field String, scheme String, code String)))"""
_PROFILE = """Tuple(name String, kind String, country String, region String, utc_offset String,
  memberships Array(Tuple(operation String, phase String, role String, starts_on Nullable(Date), ends_on Nullable(Date))))"""
_SHAPE = f"""Tuple(kind String, event_id UUID, agency String, case_no String, family String, version UInt16, status String,
  message_type String, received_at String, at String, source Tuple(topic String, offset UInt64), content_hash String, batch String,
  flags Array(String), content {_CONTENT},
  enriched Tuple(agency_kind String, agency_country String, agency_region String, country String, operation String, phase String,
    lines Array({_ENRICHED_LINE})),
  profile {_PROFILE})"""

_SEIZED = "r.content.seized_at"
_TIMED = f"length({_SEIZED}) > 10"
_PRECISION = f"multiIf({_SEIZED} = '', '', length({_SEIZED}) = 4, 'year', length({_SEIZED}) = 7, 'month', {_TIMED}, 'time', 'day')"
_DAY = f"if({_SEIZED} = '', NULL, toDate(left(concat({_SEIZED}, substring('0000-01-01', length({_SEIZED}) + 1)), 10)))"


def _line(field: str) -> str:
    """A field of the lines as they were sent, as one array."""
    return f"r.content.lines.{field}"


def _added(field: str) -> str:
    """A field that the exchange added to the lines, as one array of the lines' own length."""
    return f"arrayResize(r.enriched.lines.{field}, length(r.content.lines))"


def _steps(role: str) -> str:
    """Countries of one role on the route."""
    return f"arrayFilter((country, role) -> role = '{role}', r.content.route.country, r.content.route.role)"


TABLE = Table(
    name="journal",
    topic=JOURNAL,
    shape=_SHAPE,
    sound="r.kind IN ('version', 'tick', 'agency') AND r.agency != '' AND (r.kind != 'version' OR r.version > 0)",
    columns=(
        ("kind", "r.kind"),
        ("event_id", "r.event_id"),
        ("agency", "r.agency"),
        ("case_no", "r.case_no"),
        ("family", "r.family"),
        ("version", "r.version"),
        ("status", "r.status"),
        ("message_type", "r.message_type"),
        ("received_at", "parseDateTime64BestEffort(r.received_at, 3, 'UTC')"),
        ("tick_at", "if(r.at = '', NULL, parseDateTime64BestEffort(r.at, 3, 'UTC'))"),
        ("source_topic", "r.source.topic"),
        ("source_offset", "r.source.offset"),
        ("content_hash", "r.content_hash"),
        ("batch", "r.batch"),
        ("flags", "r.flags"),
        ("agency_kind", "if(r.kind = 'agency', r.profile.kind, r.enriched.agency_kind)"),
        ("agency_country", "if(r.kind = 'agency', r.profile.country, r.enriched.agency_country)"),
        ("agency_region", "if(r.kind = 'agency', r.profile.region, r.enriched.agency_region)"),
        ("agency_name", "r.profile.name"),
        ("agency_utc_offset", "r.profile.utc_offset"),
        ("agency_phases", "r.profile.memberships.phase"),
        ("operation", "r.enriched.operation"),
        ("phase", "r.enriched.phase"),
        ("seized_precision", _PRECISION),
        ("seized_day", _DAY),
        ("seized_at", f"if({_TIMED}, parseDateTime64BestEffort({_SEIZED}, 3, 'UTC'), NULL)"),
        ("reported_at", "if(r.content.reported_at = '', NULL, parseDateTime64BestEffort(r.content.reported_at, 3, 'UTC'))"),
        ("country", "if(r.enriched.country = '', r.content.country, r.enriched.country)"),
        ("admin1", "r.content.admin1"),
        ("place", "r.content.place"),
        ("place_type", "r.content.place_type"),
        ("lat", "r.content.lat"),
        ("lon", "r.content.lon"),
        ("transport_mode", "r.content.transport_mode"),
        ("conveyance", "r.content.conveyance"),
        ("direction", "r.content.direction"),
        ("detection_methods", "r.content.detection_methods"),
        ("concealment_methods", "r.content.concealment_methods"),
        ("route.role", "r.content.route.role"),
        ("route.country", "r.content.route.country"),
        ("route.confidence", "r.content.route.confidence"),
        ("route.locode", "r.content.route.locode"),
        ("origins", _steps("origin")),
        ("destinations", _steps("destination")),
        ("line_count", "length(r.content.lines)"),
        ("mass_mg", "arraySum(r.enriched.lines.mass_mg)"),
        ("lines.commodity_group", _line("commodity_group")),
        ("lines.substance_or_taxon", _line("substance_or_taxon")),
        ("lines.term_code", _line("term_code")),
        ("lines.quantity", _line("quantity")),
        ("lines.unit", _line("unit")),
        ("lines.quantity_kind", _line("quantity_kind")),
        ("lines.purity", _line("purity")),
        ("lines.cites_source", _line("cites_source")),
        ("lines.cites_purpose", _line("cites_purpose")),
        ("lines.code", _added("code")),
        ("lines.name", _added("name")),
        ("lines.appendix", _added("appendix")),
        ("lines.schedule", _added("schedule")),
        ("lines.hs6", f"arrayMap((sent, added) -> if(sent = '', added, sent), {_line('hs6')}, {_added('hs6')})"),
        ("lines.base_quantity", _added("base_quantity")),
        ("lines.base_unit", _added("base_unit")),
        ("lines.factor_id", _added("factor_id")),
        ("lines.mass_mg", _added("mass_mg")),
        ("reason_for_seizure", "r.content.reason_for_seizure"),
        ("value_amount", "r.content.value_amount"),
        ("value_currency", "r.content.value_currency"),
        ("suspects", "r.content.suspects.count"),
        ("nationalities", "r.content.suspects.nationalities"),
        ("legal_basis", "r.content.legal_basis"),
        ("sanction", "r.content.sanction"),
        ("disposal", "r.content.disposal"),
        ("outcome", "r.content.outcome"),
        ("withdrawal_reason", "r.content.reason"),
        ("method_note", "r.content.method_note"),
        ("related_to", "r.content.related_to"),
        ("unmapped", "arrayMap(code -> concat(code.field, '=', code.scheme, ':', code.code), r.content.unmapped)"),
        ("warned", "r.content.to"),
        ("feedback_by", "if(r.content.feedback_by = '', NULL, parseDateTime64BestEffort(r.content.feedback_by, 3, 'UTC'))"),
        ("warned_groups", "r.content.commodity_groups"),
        ("warned_goods", "r.content.substances_or_taxa"),
        ("in_reply_to", "r.content.in_reply_to"),
        ("tlp", "r.content.handling.tlp"),
        ("handling_code", "r.content.handling.handling_code"),
        ("release_to", "r.content.handling.release_to"),
        ("source_grade", "r.content.handling.source_grade"),
        ("information_grade", "r.content.handling.information_grade"),
        ("simulated", "r.content.simulated"),
    ),
)
