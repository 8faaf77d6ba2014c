-- How long readings are kept, and how: needs TimescaleDB (its community edition) and the tables.
-- Apply it again with other values to change them, for example
--     psql -v ON_ERROR_STOP=1 -v retention='5 years' -f schema/optional/policies.sql

SET client_min_messages = warning;
\o /dev/null

\if :{?compress_after}
\else
\set compress_after '30 days'
\endif
\if :{?retention}
\else
\set retention '1 year'
\endif

ALTER TABLE environmental_environmentalreading SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'sensor_id',
    timescaledb.compress_orderby = '"timestamp" DESC');
ALTER TABLE environmental_weatherdata SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'area_id',
    timescaledb.compress_orderby = '"timestamp" DESC');

-- The time zone is named, or a day would begin wherever the session that refreshes happens to be.
CREATE MATERIALIZED VIEW IF NOT EXISTS environmental_daily_avg
WITH (timescaledb.continuous) AS
SELECT sensor_id,
       time_bucket('1 day', "timestamp", 'UTC') AS day,
       avg(temperature) AS temperature_avg,
       min(temperature) AS temperature_min,
       max(temperature) AS temperature_max
FROM environmental_environmentalreading
GROUP BY sensor_id, day
WITH NO DATA;

-- A policy is replaced as a whole: what was set before does not linger.
BEGIN;
SELECT remove_compression_policy(relation, if_exists => true),
       remove_retention_policy(relation, if_exists => true)
FROM unnest(ARRAY['environmental_environmentalreading', 'environmental_weatherdata']::regclass[])
    AS relation;
SELECT add_compression_policy(relation, interval :'compress_after'),
       add_retention_policy(relation, interval :'retention')
FROM unnest(ARRAY['environmental_environmentalreading', 'environmental_weatherdata']::regclass[])
    AS relation;

-- The window begins where compression does, far inside the retention: a refresh of days whose
-- readings are gone would remove their averages too.
SELECT remove_continuous_aggregate_policy('environmental_daily_avg', if_exists => true);
SELECT add_continuous_aggregate_policy('environmental_daily_avg',
    start_offset => interval :'compress_after',
    end_offset => interval '1 hour',
    schedule_interval => interval '1 hour');
COMMIT;
