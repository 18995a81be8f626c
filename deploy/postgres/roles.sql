-- The roles of Stagepoort, to be run once per server by a superuser; safe to run again.
--
--   psql -d postgres -v wachtwoord_eigenaar=… -v wachtwoord_knoop=… -v wachtwoord_lezer=… -f roles.sql
--
-- stagepoort_eigenaar owns the tables: only `stagepoort migrate` and `restore` connect as it.
-- stagepoort_knoop    is `serve`, `register import`, `geo import` and `toegang apply`.
-- stagepoort_lezer    reads: `register export`, `backup`, a person with psql. It sees people, students, secrets of subscriptions and the keys of the
--                     pseudonyms too; leave it without a password where nobody needs it.
--
-- Leave the passwords out (-v name='') where pg_hba.conf asks for a certificate.
\set ON_ERROR_STOP on

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', naam)
FROM unnest(ARRAY['stagepoort_eigenaar', 'stagepoort_knoop', 'stagepoort_lezer']) naam
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = naam) \gexec

SELECT format('ALTER ROLE %I PASSWORD %L', naam, nullif(wachtwoord, ''))
FROM (VALUES ('stagepoort_eigenaar', :'wachtwoord_eigenaar'),
             ('stagepoort_knoop', :'wachtwoord_knoop'),
             ('stagepoort_lezer', :'wachtwoord_lezer')) r (naam, wachtwoord) \gexec

-- Nobody writes by accident as the role that reads. It may not hold up a vacuum for long either; the
-- other roles never get a statement_timeout (README).
ALTER ROLE stagepoort_lezer SET default_transaction_read_only = on;
ALTER ROLE stagepoort_lezer SET statement_timeout = '15min';

SELECT 'CREATE DATABASE stagepoort OWNER stagepoort_eigenaar TEMPLATE template0 ENCODING ''UTF8''
        LC_COLLATE ''C'' LC_CTYPE ''C'''
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'stagepoort') \gexec

REVOKE ALL ON DATABASE stagepoort FROM PUBLIC;
GRANT CONNECT ON DATABASE stagepoort TO stagepoort_knoop, stagepoort_lezer;

\connect stagepoort
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO stagepoort_eigenaar;
GRANT USAGE ON SCHEMA public TO stagepoort_knoop, stagepoort_lezer;
