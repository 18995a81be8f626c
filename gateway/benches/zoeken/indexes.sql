-- Rows come in by place (load.rs sorts them), so that a circle reads neighbouring pages; what CLUSTER on a
-- GiST index would do, without writing everything twice.

ALTER TABLE leerbedrijf ADD PRIMARY KEY (id);
CREATE INDEX leerbedrijf_naam ON leerbedrijf (gevouwen, id);
CREATE INDEX leerbedrijf_woorden ON leerbedrijf USING gin (woorden) WITH (fastupdate = off);
CREATE INDEX leerbedrijf_punt ON leerbedrijf USING gist (punt);

-- Covers the check that something is erkend on a day; the key orders an answer.
CREATE UNIQUE INDEX erkenning_sleutel ON erkenning (leerbedrijf_id, code, startdatum)
    INCLUDE (einddatum, leerwegen);
CREATE INDEX erkenning_niveau ON erkenning (niveau, leerbedrijf_id)
    INCLUDE (startdatum, einddatum, leerwegen);
CREATE INDEX erkenning_code_punt ON erkenning USING gist (code, punt);
CREATE INDEX erkenning_niveau_punt ON erkenning USING gist (niveau, punt);
CREATE INDEX erkenning_punt ON erkenning USING gist (punt);
ALTER TABLE erkenning_antwoord ADD PRIMARY KEY (leerbedrijf_id, code, startdatum);

CREATE UNIQUE INDEX leerplaats_sleutel ON leerplaats (leerbedrijf_id, nr);
CREATE INDEX leerplaats_code_punt ON leerplaats USING gist (code, punt);
CREATE INDEX leerplaats_niveau_punt ON leerplaats USING gist (niveau, punt);
ALTER TABLE leerplaats_antwoord ADD PRIMARY KEY (leerbedrijf_id, nr);

ALTER TABLE equivalent ADD PRIMARY KEY (code, equivalent_met, vanaf);
ALTER TABLE studenten ADD PRIMARY KEY (leerbedrijf_id, school_oin);
ALTER TABLE woord ADD PRIMARY KEY (woord);
CREATE INDEX woord_trgm ON woord USING gin (woord gin_trgm_ops);
