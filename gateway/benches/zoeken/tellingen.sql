-- A leerweg within a circle, with counts over the whole list. A leerbedrijf has one running period of a
-- code at most, so a code is counted by its rows; leerwegen and niveaus as bits of the leerbedrijf.
WITH past AS NOT MATERIALIZED (
    SELECT *, true AS eigen
    FROM erkenning
    WHERE startdatum <= :van AND einddatum >= :tot AND leerwegen & :leerweg::int2 <> 0
),
binnen AS MATERIALIZED (
    SELECT leerbedrijf_id, code, leerwegen, niveau, x * :x + y * :y + z * :z AS nabij
    FROM past
    WHERE punt && ST_MakeEnvelope(:west, :zuid, :oost, :noord, 4326)
        AND x * :x + y * :y + z * :z >= :cosinus
),
treffer AS MATERIALIZED (
    SELECT leerbedrijf_id, true AS eigen, max(nabij) AS nabij,
        bit_or(leerwegen) AS leerwegen, bit_or(1 << niveau) AS niveaus
    FROM binnen
    GROUP BY leerbedrijf_id
),
tellingen AS MATERIALIZED (
    SELECT string_agg(format('{"veld":"%s","waarde":"%s","aantal":%s}', veld, waarde, aantal), ','
        ORDER BY nr, volg) AS json
    FROM (
        SELECT v.*
        FROM (
            SELECT count(*) FILTER (WHERE leerwegen & 1 <> 0) AS bol,
                count(*) FILTER (WHERE leerwegen & 2 <> 0) AS bbl,
                count(*) FILTER (WHERE niveaus & 2 <> 0) AS niveau1,
                count(*) FILTER (WHERE niveaus & 4 <> 0) AS niveau2,
                count(*) FILTER (WHERE niveaus & 8 <> 0) AS niveau3,
                count(*) FILTER (WHERE niveaus & 16 <> 0) AS niveau4
            FROM treffer
        ) t CROSS JOIN LATERAL (VALUES
            (1, 1, 'leerweg', 'BOL', bol), (1, 2, 'leerweg', 'BBL', bbl),
            (2, 1, 'niveau', '1', niveau1), (2, 2, 'niveau', '2', niveau2),
            (2, 3, 'niveau', '3', niveau3), (2, 4, 'niveau', '4', niveau4)
        ) AS v (nr, volg, veld, waarde, aantal)
        UNION ALL
        SELECT 3, code, 'code',
            CASE WHEN code < 1000000 THEN lpad(code::text, 5, '0')
                ELSE 'K' || lpad((code - 1000000)::text, 4, '0') END,
            count(*)
        FROM binnen
        GROUP BY code
    ) alle
    WHERE aantal > 0
),
totaal AS MATERIALIZED (SELECT count(*) AS n FROM treffer),
-- The first 25 and whoever shares the last place, so that names are fetched for those only.
voorste AS (
    SELECT leerbedrijf_id, eigen, nabij
    FROM treffer
    ORDER BY eigen DESC, nabij DESC
    FETCH FIRST 25 ROWS WITH TIES
),
pagina AS MATERIALIZED (
    SELECT v.leerbedrijf_id, v.nabij,
        row_number() OVER (ORDER BY v.eigen DESC, v.nabij DESC, l.gevouwen, l.id) AS volgorde
    FROM voorste v JOIN leerbedrijf l ON l.id = v.leerbedrijf_id
    ORDER BY volgorde
    LIMIT 25
)
