-- The role that the daemon writes as, with no right that it does not use. TEMPORARY is for tables
-- whose duplicates are ignored: their rows go through a temporary table. It has no password: it
-- comes by peer authentication, or gets one from the operator (never in a file of ours).

SELECT 'CREATE ROLE sluice LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sluice')
\gexec

SELECT format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO sluice', current_database())
\gexec
SELECT format('GRANT USAGE ON SCHEMA %I TO sluice', current_schema())
\gexec

GRANT INSERT ON environmental_environmentalreading, environmental_weatherdata TO sluice;
GRANT SELECT, INSERT, UPDATE, DELETE ON sluice_progress TO sluice;
