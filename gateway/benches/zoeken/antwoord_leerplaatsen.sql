-- Behind the CTEs of a class of leerplaatsen: the page as it is answered.
SELECT (SELECT n FROM totaal) AS totaal,
    p.leerbedrijf_id,
    l.payload,
    6371.0088 * acos(least(1, p.nabij)) AS afstand_km,
    coalesce(s.aantal, 0) AS studenten_eigen,
    l.studenten - coalesce(s.aantal, 0) AS studenten_overig,
    (
        SELECT string_agg(a.payload, ',' ORDER BY e.code, e.startdatum)
        FROM erkenning e JOIN erkenning_antwoord a
            ON a.leerbedrijf_id = e.leerbedrijf_id AND a.code = e.code AND a.startdatum = e.startdatum
        WHERE e.leerbedrijf_id = p.leerbedrijf_id
            AND e.startdatum <= :van AND e.einddatum >= :van
            AND e.code IN (SELECT q.code FROM past q WHERE q.leerbedrijf_id = p.leerbedrijf_id)
    ) AS erkenningen,
    (
        SELECT string_agg(
            CASE WHEN q.eigen THEN a.payload
                ELSE left(a.payload, -1) || ',"equivalentVoor":"' || :gevraagde_code::text || '"}' END,
            ',' ORDER BY q.nr)
        FROM past q JOIN leerplaats_antwoord a
            ON a.leerbedrijf_id = q.leerbedrijf_id AND a.nr = q.nr
        WHERE q.leerbedrijf_id = p.leerbedrijf_id
    ) AS leerplaatsen
FROM pagina p
    JOIN leerbedrijf l ON l.id = p.leerbedrijf_id
    LEFT JOIN studenten s ON s.leerbedrijf_id = p.leerbedrijf_id AND s.school_oin = :school
ORDER BY p.volgorde
