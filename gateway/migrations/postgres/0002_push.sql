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
    proef             boolean NOT NULL DEFAULT false,
    laatste_poging_ms bigint,
    laatste_uitkomst  text
);
CREATE INDEX abonnement_afnemer ON abonnement (afnemer);

-- One number of a subscription. staat: 0 waits, 1 delivered, 2 dropped, 3 dead letter. inhoud holds keys of
-- students' bpvo's and is taken out after the retention; the rest stays.
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
CREATE INDEX melding_wacht ON melding (abonnement, leerbedrijf, volgnummer) WHERE staat = 0;
CREATE INDEX melding_dood ON melding (abonnement, volgnummer) WHERE staat = 3;
CREATE INDEX melding_oud ON melding (geregistreerd_ms) WHERE inhoud IS NOT NULL;

-- The lane of a leerbedrijf within a subscription. kop: its first number that waits, which alone can be
-- lent; volgende_ms: from when on. While it is lent that is the end of the loan.
CREATE TABLE baan (
    abonnement  bytea NOT NULL,
    leerbedrijf bigint NOT NULL,
    laatste     bigint NOT NULL,
    kop         bigint,
    pogingen    bigint NOT NULL DEFAULT 0,
    volgende_ms bigint NOT NULL,
    lease       bytea,
    PRIMARY KEY (abonnement, leerbedrijf)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX baan_wacht ON baan (abonnement, volgende_ms, kop) WHERE kop IS NOT NULL;
CREATE INDEX baan_kop ON baan (abonnement, kop) WHERE kop IS NOT NULL;

-- Every attempt to deliver. Of the answer a hash alone: error pages carry names.
CREATE TABLE poging (
    abonnement   bytea NOT NULL,
    volgnummer   bigint NOT NULL,
    tijdstip_ms  bigint NOT NULL,
    http_status  bigint,
    duur_ms      bigint NOT NULL,
    antwoord     bytea,
    uitkomst     text NOT NULL
);
CREATE INDEX poging_melding ON poging (abonnement, volgnummer, tijdstip_ms);

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
