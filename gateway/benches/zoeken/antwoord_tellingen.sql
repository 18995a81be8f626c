-- Behind the CTEs of tellingen.sql: the page as it is answered, the counts once.
SELECT (SELECT n FROM totaal) AS totaal,
    p.leerbedrijf_id,
    l.payload,
    6371.0088 * acos(least(1, p.nabij)) AS afstand_km,
    coalesce(s.aantal, 0) AS studenten_eigen,
    l.studenten - coalesce(s.aantal, 0) AS studenten_overig,
    (
        SELECT string_agg(
            CASE WHEN e.eigen THEN a.payload
                ELSE left(a.payload, -1) || ',"equivalentVoor":"' || :gevraagde_code::text || '"}' END,
            ',' ORDER BY e.code, e.startdatum)
        FROM past e JOIN erkenning_antwoord a
            ON a.leerbedrijf_id = e.leerbedrijf_id AND a.code = e.code AND a.startdatum = e.startdatum
        WHERE e.leerbedrijf_id = p.leerbedrijf_id
    ) AS erkenningen,
    CASE WHEN p.volgorde = 1 THEN (SELECT json FROM tellingen) END AS tellingen
FROM pagina p
    JOIN leerbedrijf l ON l.id = p.leerbedrijf_id
    LEFT JOIN studenten s ON s.leerbedrijf_id = p.leerbedrijf_id AND s.school_oin = :school
ORDER BY p.volgorde
