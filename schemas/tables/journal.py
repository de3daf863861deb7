"""Declares the table ``journal``, with a row for each version, tick and agency profile, and its columns in the views of cases.

A new field of a case needs one line here: docs/add-a-field.md.
"""

from __future__ import annotations

from mekong.schemas.tables.shape import TIME, TIME_OR_NULL, WORD, WORDS, Column, Computed, Index, Part, Shape

NETWORK = ("network_seizures",)
"""The view with a row a seizure, whoever reported it."""
CASE = ("seizures", "seizures_as_of", "seizure_versions", "case_by_id", "case_by_number", "counted_cases", *NETWORK)
"""Views with a row a case."""
LINE = ("seizure_lines",)
"""Views with a row a line."""
BOTH = (*CASE, *LINE)

_SEIZED = "content.seized_at"
_TIMED = f"length({_SEIZED}) > 10"
_PRECISION = f"multiIf({_SEIZED} = '', '', length({_SEIZED}) = 4, 'year', length({_SEIZED}) = 7, 'month', {_TIMED}, 'time', 'day')"
_DAY = f"if({_SEIZED} = '', NULL, toDate(left(concat({_SEIZED}, substring('0000-01-01', length({_SEIZED}) + 1)), 10)))"
_INSTANT = f"if({_TIMED}, parseDateTime64BestEffort({_SEIZED}, 3, 'UTC'), NULL)"
_KG = "CAST({} AS Decimal(38, 6)) / 1000000"
_MASS_KG = "Mass in kilograms, where it is known or can be converted; exact"


def _of_agency(field: str) -> str:
    """A field of the agency: of its profile, or of what was added to a version."""
    return f"if(r.kind = 'agency', profile.{field}, enriched.agency_{field})"


def _steps(role: str) -> str:
    """Countries of one role on the route."""
    return f"arrayFilter((country, role) -> role = '{role}', route.country, route.role)"


JOURNAL = Shape(
    "journal",
    "Everything that was accepted, each version of it, and ticks, in order. Never changed. "
    "An empty text means: not given. Most questions are easier on the views seizures and seizure_lines",
    (
        Column("kind", WORD, "version, tick (the clock), agency (a profile), source (a topic was parked), time (an hour has passed)"),
        Column("family", WORD, "case, warning or feedback"),
        Column("status", WORD, "current, or withdrawn by this version"),
        Column("message_type", WORD, "Message that made the version: seizure, correction, withdrawal, warning, feedback"),
        Column("tick_at", TIME_OR_NULL, "Time a tick announces; no earlier data follows unannounced", "at"),
        Column("source_topic", WORD, "Topic of the message behind the entry", "source.topic"),
        Column("source_offset", "UInt64", "Offset of that message", "source.offset"),
        Column("content_hash", "String", "Format and BLAKE2b-128 of the canonical content; equal for an exact re-send"),
        Column("agency_name", "String", "Name of the agency; only in profiles", "profile.name"),
        Column("agency_utc_offset", WORD, "When the agency's day ends, as +07:00; only in profiles", "profile.utc_offset"),
        Column("agency_phases", WORDS, "Phases the agency takes part in; only in profiles", "profile.memberships[].phase"),
        Column("withdrawal_reason", WORD, "Why it was withdrawn; code list withdrawal_reasons", "content.reason"),
        Column("warned", WORDS, "Agencies a warning is addressed to", "content.to"),
        Column("feedback_by", TIME_OR_NULL, "When a warning wants feedback by", "content.feedback_by"),
        Column("warned_groups", WORDS, "Commodity groups a warning is about; code list commodity_groups", "content.commodity_groups"),
        Column("warned_goods", "Array(String)", "Substances or taxa a warning is about", "content.substances_or_taxa"),
        Column("in_reply_to", "UUID", "Event id that a feedback answers. Zeros for everything else", "content.in_reply_to"),
        Column(
            "sender_order",
            "String",
            "By what the sender orders its messages: revision 12, reported_at … or edition …; empty when it gave nothing",
        ),
        # what views show, in this order
        Column(
            "event_id",
            "UUID",
            "Identity of the case, warning or feedback; the same for all its versions. Zeros for ticks and profiles",
            views=BOTH,
        ),
        Column("agency", WORD, "Code of the reporting agency", views=BOTH),
        Column("case_no", "String", "The agency's own number of it", views=BOTH),
        Column("version", "UInt16", "Counts from 1; each correction or withdrawal adds one", views=BOTH),
        Column("received_at", TIME, "When the exchange received the message (the broker's clock)", views=BOTH),
        Column(
            "seized_day",
            "Nullable(Date)",
            "Local date at the place of seizure; the first of the month or year when only that is known",
            views=BOTH,
            sql=_DAY,
        ),
        Column(
            "seized_precision",
            WORD,
            "How finely the date is known: time, day, month, year; empty when the message is not a seizure",
            views=BOTH,
            sql=_PRECISION,
        ),
        Column("seized_at", TIME_OR_NULL, "Instant of seizure; only with precision time", views=BOTH, sql=_INSTANT),
        Column("reported_at", TIME_OR_NULL, "When the agency says it reported", "content.reported_at", views=BOTH),
        Column("agency_kind", WORD, "customs, police or other", views=BOTH, sql=_of_agency("kind")),
        Column("agency_country", WORD, "Country of the agency; code list countries", views=BOTH, sql=_of_agency("country")),
        Column("agency_region", WORD, "Region of the agency", views=BOTH, sql=_of_agency("region")),
        Column("operation", WORD, "Operation it counts for; empty when none", "enriched.operation", views=BOTH),
        Column(
            "phase", WORD, "Phase of the operation it counts for, by date and membership; empty when none", "enriched.phase", views=BOTH
        ),
        Column(
            "country",
            WORD,
            "Country of seizure, ISO 3166-1 alpha-2; XX when unknown; code list countries",
            views=BOTH,
            sql="if(enriched.country = '', content.country, enriched.country)",
        ),
        Column("admin1", WORD, "Province or state of seizure", "content.admin1", views=BOTH),
        Column("place", WORD, "Code of the port, airport or border gate; code list places", "content.place", views=BOTH),
        Column("place_type", WORD, "Kind of place; code list place_types", "content.place_type", views=BOTH),
        Column("lat", "Nullable(Decimal(9, 6))", "Latitude, degrees north", "content.lat", views=BOTH),
        Column("lon", "Nullable(Decimal(9, 6))", "Longitude, degrees east", "content.lon", views=BOTH),
        Column("transport_mode", WORD, "Means of transport; code list transport", "content.transport_mode", views=BOTH),
        Column(
            "conveyance",
            "String",
            "Operation and keyed hash of vessel, plate or flight: equal for the same conveyance, never the number itself",
            "content.conveyance",
            views=BOTH,
        ),
        Column("direction", WORD, "import, export, transit or internal; code list directions", "content.direction", views=BOTH),
        Column("detection_methods", WORDS, "How it was detected; code list detection", "content.detection_methods", views=BOTH),
        Column("concealment_methods", WORDS, "How it was hidden; code list concealment", "content.concealment_methods", views=BOTH),
        Column("route.role", WORDS, "Route, step by step: origin, via, departure or destination", views=CASE),
        Column("route.country", WORDS, "Route, step by step: country; code list countries", views=CASE),
        Column("route.confidence", WORDS, "Route, step by step: confirmed or alleged", views=CASE),
        Column("route.locode", "Array(String)", "Route, step by step: UN/LOCODE, empty when not given", views=CASE),
        Column("origins", WORDS, "Countries of origin on the route", views=BOTH, sql=_steps("origin")),
        Column("destinations", WORDS, "Countries of destination on the route", views=BOTH, sql=_steps("destination")),
        Column("line_count", "UInt16", "Number of lines", views=CASE, sql="length(lines)"),
        Computed("line", "line", "Number of the line in its case, from 1", LINE),
        Computed("mass_kg", _KG.format("mass_mg"), _MASS_KG, CASE),
        Column(
            "mass_mg",
            "Int64",
            "Mass of all lines in milligrams, where it is known or can be converted",
            views=CASE,
            sql="arraySum(added.mass_mg)",
        ),
        Column("lines.commodity_group", WORDS, "Lines: such as drug or timber; code list commodity_groups", views=BOTH),
        Column("lines.substance_or_taxon", "Array(String)", "Lines: the goods in the agency's own words", views=BOTH),
        Column("lines.term_code", WORDS, "Lines: CITES term of the specimen, such as SCA for scales; code list terms", views=BOTH),
        Column("lines.quantity", "Array(Nullable(Decimal(38, 12)))", "Lines: quantity as reported; NULL when unknown", views=BOTH),
        Column("lines.unit", WORDS, "Lines: unit as reported; code list units", views=BOTH),
        Column("lines.quantity_kind", WORDS, "Lines: exact, estimated or unknown", views=BOTH),
        Column("lines.purity", "Array(Nullable(Decimal(9, 4)))", "Lines: purity in per cent", views=BOTH),
        Column("lines.cites_source", WORDS, "Lines: CITES source code; code list cites_sources", views=BOTH),
        Column("lines.cites_purpose", WORDS, "Lines: CITES purpose code; code list cites_purposes", views=BOTH),
        Column(
            "lines.code",
            WORDS,
            "Lines: canonical substance or taxon, added by the exchange; empty when the name is not known",
            "added.code",
            views=BOTH,
        ),
        Column("lines.name", WORDS, "Lines: canonical name, added by the exchange", "added.name", views=BOTH),
        Column("lines.appendix", WORDS, "Lines: CITES appendix on the day of seizure, added by the exchange", "added.appendix", views=BOTH),
        Column(
            "lines.schedule",
            WORDS,
            "Lines: table of the 1961, 1971 or 1988 convention, added by the exchange",
            "added.schedule",
            views=BOTH,
        ),
        Column(
            "lines.hs6",
            WORDS,
            "Lines: HS code, as sent or else added by the exchange",
            views=BOTH,
            sql="arrayMap((sent, known) -> if(sent = '', known, sent), lines.hs6, arrayResize(added.hs6, length(lines)))",
        ),
        Column(
            "lines.base_quantity",
            "Array(Nullable(Decimal(38, 12)))",
            "Lines: quantity in the base unit, converted by the exchange",
            "added.base_quantity",
            views=BOTH,
        ),
        Column("lines.base_unit", WORDS, "Lines: base unit, kg, l or piece", "added.base_unit", views=BOTH),
        Column("lines.factor_id", WORDS, "Lines: named version of the conversion factor used", "added.factor_id", views=BOTH),
        Column("lines.mass_mg", "Array(Int64)", "Lines: mass in milligrams; 0 when unknown", "added.mass_mg", views=CASE),
        Computed("mass_kg", _KG.format("line_mass_mg"), _MASS_KG, LINE),
        Computed("mass_mg", "line_mass_mg", "Mass in milligrams; 0 when unknown", LINE),
        Column("reason_for_seizure", WORD, "Reason for the seizure; code list reasons", "content.reason_for_seizure", views=CASE),
        Column("value_amount", "Nullable(Decimal(18, 4))", "Estimated value in value_currency", "content.value_amount", views=BOTH),
        Column("value_currency", WORD, "ISO 4217 code of the currency; code list currencies", "content.value_currency", views=BOTH),
        Column("suspects", "Nullable(UInt16)", "Number of suspects; NULL when not given. Never who", "content.suspects.count", views=CASE),
        Column("nationalities", WORDS, "Nationalities of the suspects; code list countries", "content.suspects.nationalities", views=CASE),
        Column("legal_basis", WORD, "Law under which charges were brought; code list legal_bases", "content.legal_basis", views=CASE),
        Column("sanction", WORD, "Sanction; code list sanctions", "content.sanction", views=CASE),
        Column("disposal", WORD, "What became of the goods; code list disposals", "content.disposal", views=CASE),
        Column("outcome", WORD, "Of a case: code list outcomes; of a feedback: code list feedback_outcomes", "content.outcome", views=CASE),
        Column(
            "method_note",
            "String",
            "How it was done, the only free text; no names, plates or phone numbers",
            "content.method_note",
            views=CASE,
        ),
        Column("related_to", "Array(UUID)", "Event ids of cases that belong together", "content.related_to", views=CASE),
        Column("flags", WORDS, "What a person should look at, such as a suspected duplicate or an unknown code", views=BOTH),
        Column(
            "unmapped",
            "Array(String)",
            "Codes of the sender that have no equal here, as field=scheme:code",
            views=CASE,
            sql="arrayMap(code -> concat(code.field, '=', code.scheme, ':', code.code), content.unmapped)",
            needs=("content.unmapped[].field String", "content.unmapped[].scheme String", "content.unmapped[].code String"),
        ),
        Column("batch", "String", "Name of the sending it came in, as the client gave it; empty when it gave none", views=BOTH),
        Column("tlp", WORD, "Traffic Light Protocol 2.0: who may see it; code list tlp", "content.handling.tlp", views=CASE),
        Column("handling_code", WORD, "Handling code, such as H1; code list handling", "content.handling.handling_code", views=CASE),
        Column("release_to", WORDS, "Agencies it may be released to", "content.handling.release_to", views=CASE),
        Column("source_grade", WORD, "How reliable the source is; code list source_grades", "content.handling.source_grade", views=CASE),
        Column("information_grade", WORD, "How good it is; code list information_grades", "content.handling.information_grade", views=CASE),
        Column("simulated", "Bool", "Made up, for exercises and demonstrations", "content.simulated", views=BOTH),
        Computed("known_until", "ended", "When a later version or a withdrawal took its place; NULL: it is current", ("seizure_versions",)),
        Computed("_partition", "_partition", "Partition of the journal, with _offset the entry behind the row", CASE),
        Computed("_offset", "_offset", "Offset in the journal", CASE),
        Computed("agencies", "if(empty(i.by), [agency], i.by)", "Agencies that reported the seizure", NETWORK),
        Computed("event_ids", "if(empty(i.ids), [event_id], i.ids)", "Event ids of all cases that are this seizure", NETWORK),
        Computed("incident_id", "if(empty(i.ids), event_id, i.in_incident)", "The incident; the event id where it is in none", NETWORK),
    ),
    indexes=(Index("by_event", "event_id"), Index("by_case", "case_no")),
    parts=(
        Part("content", ("content",)),
        Part("lines", ("content", "lines"), many=True),
        Part("route", ("content", "route"), many=True),
        Part("enriched", ("enriched",)),
        Part("added", ("enriched", "lines"), many=True, along="lines"),
        Part("profile", ("profile",)),
    ),
    left_out=(
        *("format", "contribution", "supersedes", "order"),
        *("content.schema_version", "content.agency", "content.case_no", "content.message_type", "content.revision", "content.operation"),
        "content.attachments",
        *(
            "profile.message_type",
            "profile.agency",
            "profile.number",
            "profile.reason",
            "profile.status",
            "profile.zone",
            "profile.members",
        ),
        *("profile.memberships.operation", "profile.memberships.role", "profile.memberships.commodity_groups"),
        *("profile.memberships.starts_on", "profile.memberships.ends_on"),
        *("feed.messages", "feed.rejected", "feed.last_at", "feed.delays"),  # the table receipts has each of them
        *("feed.failing.field", "feed.failing.detail", "feed.failing.times", "feed.failing.last_at"),
    ),
)
