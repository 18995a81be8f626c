-- Subscriptions, what each of them is to hear, and the queue of deliveries.

-- Up to where the log was fanned out, and a count of changes of subscriptions. One row.
CREATE TABLE push_stand (
    een     bigint PRIMARY KEY CHECK (een = 1),
    nummer  bigint NOT NULL,
    regel   bigint NOT NULL,
    revisie bigint NOT NULL
);
-- Without subscriptions nothing of before is owed to anybody.
INSERT INTO push_stand (een, nummer, regel, revisie)
SELECT 1, coalesce(max(nummer), 0) + 1, 0, 0 FROM commit_log;

-- inhoud: the subscription itself, with its secrets. The rest is how its endpoint does.
CREATE TABLE abonnement (
    id                bytea PRIMARY KEY,
    afnemer           text NOT NULL,
    open              boolean NOT NULL,
    inhoud            bytea NOT NULL,
    laatste           bigint NOT NULL DEFAULT 0,
    faalt_sinds_ms    bigint,
    mislukt           bigint NOT NULL DEFAULT 0,
    niet_voor_ms      bigint,
    proef             boolean NOT NULL DEFAULT false
);
CREATE INDEX abonnement_afnemer ON abonnement (afnemer);

-- How far the delivery of a subscription is, and which node has it on loan. klaar: up to and with this number
-- all is dealt with, but for the lanes in achterstand; los: numbers behind it that are dealt with too. beurt
-- counts what others than its lender changed.
CREATE TABLE bezorging (
    abonnement        bytea PRIMARY KEY,
    klaar             bigint NOT NULL DEFAULT 0,
    los               bytea NOT NULL DEFAULT '',
    beurt             bigint NOT NULL DEFAULT 0,
    lener             bytea,
    geleend_tot_ms    bigint NOT NULL DEFAULT 0,
    laatste_poging_ms bigint,
    laatste_uitkomst  text
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0);

-- Nodes that deliver, and until when they count as such.
CREATE TABLE bezorger (
    id     bytea PRIMARY KEY,
    tot_ms bigint NOT NULL
);

-- One number of a subscription. staat: 0 as bezorging and achterstand say, 2 dropped, 3 dead letter, 4 waits once
-- more. inhoud holds keys of students' bpvo's and is taken out after the retention; the rest stays.
CREATE TABLE melding (
    abonnement      bytea NOT NULL,
    volgnummer      bigint NOT NULL,
    mutatie_id      bytea NOT NULL,
    leerbedrijf     bigint NOT NULL,
    school          text NOT NULL,
    vorig           bigint,
    staat           bigint NOT NULL DEFAULT 0,
    geregistreerd_ms bigint NOT NULL,
    inhoud          bytea,
    PRIMARY KEY (abonnement, volgnummer)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE UNIQUE INDEX melding_id ON melding (abonnement, mutatie_id);
CREATE INDEX melding_leerbedrijf ON melding (abonnement, leerbedrijf, volgnummer);
CREATE INDEX melding_apart ON melding (abonnement, staat, volgnummer) WHERE staat <> 0;
CREATE INDEX melding_oud ON melding (geregistreerd_ms) WHERE inhoud IS NOT NULL;

-- A leerbedrijf whose next number did not go at once, or goes once more: its numbers from vanaf on wait, as far as
-- klaar or the reading of its lender came, and so do those that wait once more.
CREATE TABLE achterstand (
    abonnement  bytea NOT NULL,
    leerbedrijf bigint NOT NULL,
    vanaf       bigint NOT NULL,
    pogingen    bigint NOT NULL DEFAULT 0,
    volgende_ms bigint NOT NULL,
    PRIMARY KEY (abonnement, leerbedrijf)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX achterstand_volgende ON achterstand (abonnement, volgende_ms);
CREATE INDEX achterstand_vanaf ON achterstand (abonnement, vanaf);

-- Attempts to deliver, as many in a row as were recorded together. Of the answer a hash alone: error pages carry
-- names.
CREATE TABLE pogingen (
    nr          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    abonnement  bytea NOT NULL,
    eerste      bigint NOT NULL,
    laatste     bigint NOT NULL,
    tijdstip_ms bigint NOT NULL,
    inhoud      bytea NOT NULL
);
CREATE INDEX pogingen_tijdstip ON pogingen (abonnement, tijdstip_ms);

-- What operators did.
CREATE TABLE beheerdaad (
    nr          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tijdstip_ms bigint NOT NULL,
    wie         text NOT NULL,
    daad        text NOT NULL,
    abonnement  bytea NOT NULL,
    toelichting text NOT NULL
);

-- A program that knows the log alone goes on.
UPDATE meta SET getal = 2 WHERE sleutel = 'schema';
