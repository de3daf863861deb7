"""``journal.v1`` -> ``journal``: a row for each version, tick and agency profile."""

from __future__ import annotations

from schemas.topics import JOURNAL
from sinks.clickhouse.table import Part, Table

_LINE = (
    "Tuple(commodity_group String, substance_or_taxon String, term_code String, quantity Nullable(Decimal(38, 12)), unit String,"
    " quantity_kind String, hs6 String, purity Nullable(Decimal(9, 4)), cites_source String, cites_purpose String)"
)
_ENRICHED_LINE = (
    "Tuple(code String, name String, appendix String, schedule String, hs6 String, base_quantity Nullable(Decimal(38, 12)),"
    " base_unit String, factor_id String, mass_mg Int64)"
)
_STEP = "Tuple(role String, country String, confidence String, locode String)"
_CONTENT = """Tuple(
  reported_at String, method_note String, related_to Array(UUID), simulated Bool,
  handling Tuple(tlp String, handling_code String, release_to Array(String), source_grade String, information_grade String),
  transport_mode String, conveyance String, direction String, detection_methods Array(String), concealment_methods Array(String),
  seized_at String, country String, admin1 String, place String, place_type String,
  lat Nullable(Decimal(9, 6)), lon Nullable(Decimal(9, 6)),
  reason_for_seizure String, value_amount Nullable(Decimal(18, 4)), value_currency String,
  suspects Tuple(count Nullable(UInt16), nationalities Array(String)),
  legal_basis String, sanction String, disposal String, outcome String, reason String,
  to Array(String), feedback_by String, commodity_groups Array(String), substances_or_taxa Array(String),
  in_reply_to UUID, unmapped Array(Tuple(field String, scheme String, code String)))"""
_ENRICHED = """Tuple(agency_kind String, agency_country String, agency_region String, country String, operation String, phase String)"""
_PROFILE = """Tuple(name String, kind String, country String, region String, utc_offset String,
  memberships Array(Tuple(operation String, phase String, role String, starts_on Nullable(Date), ends_on Nullable(Date))))"""
_SHAPE = """Tuple(kind String, event_id UUID, agency String, case_no String, family String, version UInt16, status String,
  message_type String, received_at String, at String, source Tuple(topic String, offset UInt64), content_hash String, batch String,
  flags Array(String))"""

_SEIZED = "content.seized_at"
_TIMED = f"length({_SEIZED}) > 10"
_PRECISION = f"multiIf({_SEIZED} = '', '', length({_SEIZED}) = 4, 'year', length({_SEIZED}) = 7, 'month', {_TIMED}, 'time', 'day')"
_DAY = f"if({_SEIZED} = '', NULL, toDate(left(concat({_SEIZED}, substring('0000-01-01', length({_SEIZED}) + 1)), 10)))"


def _line(field: str) -> str:
    """A field of the lines as they were sent, as one array."""
    return f"lines.{field}"


def _added(field: str) -> str:
    """A field that the exchange added to the lines, as one array of the lines' own length."""
    return f"arrayResize(added.{field}, length(lines))"


def _steps(role: str) -> str:
    """Countries of one role on the route."""
    return f"arrayFilter((country, role) -> role = '{role}', route.country, route.role)"


TABLE = Table(
    name="journal",
    topic=JOURNAL,
    shape=_SHAPE,
    parts=(
        Part("content", ("content",), _CONTENT),
        Part("lines", ("content", "lines"), f"Array({_LINE})"),
        Part("route", ("content", "route"), f"Array({_STEP})"),
        Part("enriched", ("enriched",), _ENRICHED),
        Part("added", ("enriched", "lines"), f"Array({_ENRICHED_LINE})"),
        Part("profile", ("profile",), _PROFILE),
    ),
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
        ("agency_kind", "if(r.kind = 'agency', profile.kind, enriched.agency_kind)"),
        ("agency_country", "if(r.kind = 'agency', profile.country, enriched.agency_country)"),
        ("agency_region", "if(r.kind = 'agency', profile.region, enriched.agency_region)"),
        ("agency_name", "profile.name"),
        ("agency_utc_offset", "profile.utc_offset"),
        ("agency_phases", "profile.memberships.phase"),
        ("operation", "enriched.operation"),
        ("phase", "enriched.phase"),
        ("seized_precision", _PRECISION),
        ("seized_day", _DAY),
        ("seized_at", f"if({_TIMED}, parseDateTime64BestEffort({_SEIZED}, 3, 'UTC'), NULL)"),
        ("reported_at", "if(content.reported_at = '', NULL, parseDateTime64BestEffort(content.reported_at, 3, 'UTC'))"),
        ("country", "if(enriched.country = '', content.country, enriched.country)"),
        ("admin1", "content.admin1"),
        ("place", "content.place"),
        ("place_type", "content.place_type"),
        ("lat", "content.lat"),
        ("lon", "content.lon"),
        ("transport_mode", "content.transport_mode"),
        ("conveyance", "content.conveyance"),
        ("direction", "content.direction"),
        ("detection_methods", "content.detection_methods"),
        ("concealment_methods", "content.concealment_methods"),
        ("route.role", "route.role"),
        ("route.country", "route.country"),
        ("route.confidence", "route.confidence"),
        ("route.locode", "route.locode"),
        ("origins", _steps("origin")),
        ("destinations", _steps("destination")),
        ("line_count", "length(lines)"),
        ("mass_mg", "arraySum(added.mass_mg)"),
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
        ("reason_for_seizure", "content.reason_for_seizure"),
        ("value_amount", "content.value_amount"),
        ("value_currency", "content.value_currency"),
        ("suspects", "content.suspects.count"),
        ("nationalities", "content.suspects.nationalities"),
        ("legal_basis", "content.legal_basis"),
        ("sanction", "content.sanction"),
        ("disposal", "content.disposal"),
        ("outcome", "content.outcome"),
        ("withdrawal_reason", "content.reason"),
        ("method_note", "content.method_note"),
        ("related_to", "content.related_to"),
        ("unmapped", "arrayMap(code -> concat(code.field, '=', code.scheme, ':', code.code), content.unmapped)"),
        ("warned", "content.to"),
        ("feedback_by", "if(content.feedback_by = '', NULL, parseDateTime64BestEffort(content.feedback_by, 3, 'UTC'))"),
        ("warned_groups", "content.commodity_groups"),
        ("warned_goods", "content.substances_or_taxa"),
        ("in_reply_to", "content.in_reply_to"),
        ("tlp", "content.handling.tlp"),
        ("handling_code", "content.handling.handling_code"),
        ("release_to", "content.handling.release_to"),
        ("source_grade", "content.handling.source_grade"),
        ("information_grade", "content.handling.information_grade"),
        ("simulated", "content.simulated"),
    ),
)
