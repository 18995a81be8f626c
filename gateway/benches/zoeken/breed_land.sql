-- A niveau, perhaps a leerweg, the whole country: the total by one index alone, the page by walking names.
WITH past AS NOT MATERIALIZED (
    SELECT *, true AS eigen
    FROM erkenning
    WHERE niveau = :niveau::int2
        AND startdatum <= :van AND einddatum >= :tot
        AND (:leerweg::int2 = 0 OR leerwegen & :leerweg::int2 <> 0)
),
totaal AS MATERIALIZED (
    SELECT count(*) AS n FROM (SELECT leerbedrijf_id FROM past GROUP BY leerbedrijf_id) t
),
pagina AS MATERIALIZED (
    SELECT l.id AS leerbedrijf_id, NULL::float8 AS nabij,
        row_number() OVER (ORDER BY l.gevouwen, l.id) AS volgorde
    FROM leerbedrijf l
    WHERE EXISTS (SELECT FROM past p WHERE p.leerbedrijf_id = l.id)
    ORDER BY l.gevouwen, l.id
    LIMIT 25
)
