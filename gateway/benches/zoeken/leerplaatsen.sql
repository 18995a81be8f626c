-- Places on offer for a code with its equivalents, a leerweg, a period, a circle.
WITH codes AS MATERIALIZED (
    SELECT :code::int AS code, true AS eigen
    UNION ALL
    SELECT equivalent_met, false
    FROM equivalent
    WHERE code = :code::int AND vanaf <= :van AND tot >= :van
),
past AS NOT MATERIALIZED (
    SELECT lp.*, c.eigen
    FROM codes c JOIN leerplaats lp ON lp.code = c.code
    WHERE lp.leerweg = :leerweg::int2
        AND lp.vanaf <= :vanaf_uiterlijk AND lp.tot >= :tot_minstens
        AND lp.aantal >= :minimum
        AND (:met_vergoeding::bool IS NULL OR lp.vergoeding = :met_vergoeding::bool)
        AND EXISTS (
            SELECT FROM erkenning e
            WHERE e.leerbedrijf_id = lp.leerbedrijf_id AND e.code = lp.code
                AND e.leerwegen & :leerweg::int2 <> 0
                AND e.startdatum <= :van AND e.einddatum >= :van
        )
),
treffer AS MATERIALIZED (
    SELECT leerbedrijf_id, bool_or(eigen) AS eigen, max(x * :x + y * :y + z * :z) AS nabij
    FROM past
    WHERE punt && ST_MakeEnvelope(:west, :zuid, :oost, :noord, 4326)
        AND x * :x + y * :y + z * :z >= :cosinus
    GROUP BY leerbedrijf_id
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
