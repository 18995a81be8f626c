-- A code with its equivalents, a leerweg, a circle.
WITH codes AS MATERIALIZED (
    SELECT :code::int AS code, true AS eigen
    UNION ALL
    SELECT equivalent_met, false
    FROM equivalent
    WHERE code = :code::int AND vanaf <= :van AND tot >= :van
),
past AS NOT MATERIALIZED (
    SELECT e.*, c.eigen
    FROM codes c JOIN erkenning e ON e.code = c.code
    WHERE e.startdatum <= :van AND e.einddatum >= :tot AND e.leerwegen & :leerweg::int2 <> 0
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
