-- With TimescaleDB in the server the two tables become hypertables with chunks of one day; without
-- it they stay plain tables. Rows that are there already are moved, which locks the table for as
-- long as it takes. No index on the time alone: it would halve the speed of writing, and the
-- chunks narrow a query by time to its days.

SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
   AND 'timescaledb' = ANY (string_to_array(
           replace(current_setting('shared_preload_libraries'), ' ', ''), ','))
    AS timescaledb_is_loaded
\gset

\if :timescaledb_is_loaded
CREATE EXTENSION IF NOT EXISTS timescaledb;

SELECT create_hypertable(
    relation, 'timestamp', chunk_time_interval => interval '1 day',
    create_default_indexes => false, if_not_exists => true, migrate_data => true)
FROM unnest(ARRAY['environmental_environmentalreading', 'environmental_weatherdata']::regclass[])
    AS relation;
\endif
