-- Rolling counts by the definitions of schemas/counts.py, from the versions alone: not from what watch made of them.
-- {rolling} stands for an array for each rolling window: of its name when the case counts in it, else empty.
-- {limits} stands for an array of (journal partition, offset up to which watch has come), {left_out} for one of (partition, offset) of
-- entries that watch has set aside.
WITH
ticks AS (
  SELECT agency, _partition AS lane, max(_offset) AS tick, argMax(tick_at, _offset) AS at
  FROM journal
  WHERE kind = 'tick' AND _offset < arrayFirst(l -> l.1 = _partition, {limits}).2
    AND NOT has({left_out}, (toUInt64(_partition), toUInt64(_offset)))
  GROUP BY agency, lane
),
zones AS (
  SELECT agency, argMax(agency_utc_offset, _offset) AS zone
  FROM journal INNER JOIN ticks ON ticks.agency = journal.agency AND ticks.lane = journal._partition
  WHERE kind = 'agency' AND _offset < tick AND NOT has({left_out}, (toUInt64(_partition), toUInt64(_offset)))
  GROUP BY agency
),
clocks AS (
  SELECT ticks.agency AS agency, lane, tick, intDiv(toUnixTimestamp64Milli(assumeNotNull(at)), 60000) AS minute,
    if(zone = '', 0, toInt32(substring(zone, 2, 2)) * 60 + toInt32(substring(zone, 5, 2))) * if(zone LIKE '-%', -1, 1) AS ahead,
    toDate(addMinutes(assumeNotNull(at), ahead)) AS today
  FROM ticks LEFT JOIN zones ON zones.agency = ticks.agency
),
cases AS (
  SELECT journal.agency AS agency, status, seized_precision AS fine, seized_day AS day,
    intDiv(toUnixTimestamp64Milli(seized_at), 60000) AS at_minute, phase, line_count, mass_mg,
    `lines.commodity_group` AS groups, `lines.mass_mg` AS masses, clocks.minute AS minute, today
  FROM journal INNER JOIN clocks ON clocks.agency = journal.agency AND clocks.lane = journal._partition
  WHERE kind = 'version' AND family = 'case' AND _offset < tick AND NOT has({left_out}, (toUInt64(_partition), toUInt64(_offset)))
  ORDER BY event_id, version DESC
  LIMIT 1 BY event_id
),
counted AS (
  SELECT agency, series.1 AS commodity_group, span.1 AS window, span.2 AS start,
    count() AS cases, sum(series.2) AS lines, sum(series.3) AS mass_mg
  FROM (
    SELECT agency,
      arrayJoin(arrayConcat(
        [('', toInt64(line_count), mass_mg)],
        arrayMap(g -> (toString(g), toInt64(countEqual(groups, g)), arraySum((mass, its) -> if(its = g, mass, 0), masses, groups)), arrayDistinct(groups))
      )) AS series,
      arrayJoin(arrayConcat(
        {rolling},
        if(fine IN ('time', 'day'), [('day', toString(assumeNotNull(day)))], []),
        if(fine IN ('time', 'day', 'month'), [('month', toString(toStartOfMonth(assumeNotNull(day))))], []),
        if(fine IN ('time', 'day', 'month') AND phase != '', [('phase', toString(phase))], [])
      )) AS span
    FROM cases
    WHERE status = 'current'
  )
  GROUP BY agency, commodity_group, window, start
),
told AS (
  SELECT counts.agency AS agency, commodity_group, window, start, argMax((cases, lines, mass_mg), tick_offset) AS newest
  FROM counts INNER JOIN clocks ON clocks.agency = counts.agency
  WHERE tick_offset <= tick
  GROUP BY agency, commodity_group, window, start
)
SELECT (SELECT count() FROM clocks) AS agencies, count() AS series, countIf(differs) AS different,
  groupArrayIf(10)((agency, commodity_group, window, start, should_be, is), differs) AS examples
FROM (
  SELECT agency, commodity_group, window, start, (sum(a), sum(b), sum(c)) AS should_be, (sum(x), sum(y), sum(z)) AS is, should_be != is AS differs
  FROM (
    SELECT toString(agency) AS agency, toString(commodity_group) AS commodity_group, toString(window) AS window, toString(start) AS start,
      toInt64(cases) AS a, toInt64(lines) AS b, toInt64(mass_mg) AS c, toInt64(0) AS x, toInt64(0) AS y, toInt64(0) AS z
    FROM counted
    UNION ALL
    SELECT toString(agency), toString(commodity_group), toString(window), toString(start),
      toInt64(0), toInt64(0), toInt64(0), newest.1, newest.2, newest.3
    FROM told
  )
  GROUP BY agency, commodity_group, window, start
)
