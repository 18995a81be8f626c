-- What each role may do with the tables. Run by stagepoort_eigenaar after every `stagepoort migrate` and
-- before the nodes of the new version start; safe to run again.
--
--   stagepoort migrate --config eigenaar.toml
--   psql -U stagepoort_eigenaar -d stagepoort -f grants.sql
\set ON_ERROR_STOP on
BEGIN;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM stagepoort_knoop, stagepoort_lezer;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM stagepoort_knoop, stagepoort_lezer;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO stagepoort_knoop, stagepoort_lezer;

-- The log is append-only to a node: what was published it can neither change nor remove.
GRANT INSERT ON commit_log, tijdlijn, toegang TO stagepoort_knoop;
-- Staged lines of an import that was given up are deleted again.
GRANT INSERT, DELETE ON regel TO stagepoort_knoop;
-- People and students are forgotten.
GRANT INSERT, DELETE ON zij TO stagepoort_knoop;
GRANT INSERT, UPDATE, DELETE ON open_stage TO stagepoort_knoop;
-- How far forgetting has come.
GRANT UPDATE (getal) ON meta TO stagepoort_knoop;
GRANT USAGE ON SEQUENCE stage_nummer TO stagepoort_knoop;
-- Subscriptions and deliveries: numbers that were given out are not removed, and what operators did is not
-- rewritten. Attempts leave with the retention.
GRANT UPDATE ON push_stand TO stagepoort_knoop;
GRANT INSERT, UPDATE ON abonnement, bezorging, melding TO stagepoort_knoop;
GRANT INSERT, UPDATE, DELETE ON achterstand, bezorger TO stagepoort_knoop;
GRANT INSERT, DELETE ON pogingen TO stagepoort_knoop;
GRANT INSERT ON beheerdaad TO stagepoort_knoop;
-- The record of processing: a block that came is never rewritten, and leaves with its retention. Who looked into
-- it stays.
GRANT INSERT, UPDATE ON verwerking_journaal TO stagepoort_knoop;
GRANT INSERT, DELETE ON verwerking_blok, verwerking_betrokkene TO stagepoort_knoop;
GRANT INSERT ON verwerking_daad TO stagepoort_knoop;
-- Counts of requests.
GRANT INSERT, UPDATE, DELETE ON gebruik TO stagepoort_knoop;

-- Only an owner vacuums, and a node is none, so that what was forgotten is cleaned up by autovacuum alone:
-- at its first round, by autovacuum_naptime, after as little as one deleted row.
ALTER TABLE zij SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);

COMMIT;

-- From PostgreSQL 17 on a node may vacuum this one table without owning it.
SELECT 'GRANT MAINTAIN ON zij TO stagepoort_knoop'
WHERE current_setting('server_version_num')::int >= 170000 \gexec
