-- Words of the name as in tekst.sql, within a circle.
WITH gevraagd AS MATERIALIZED (
    SELECT woord, length(woord) AS letters, quote_literal(woord) AS letterlijk
    FROM unnest(string_to_array(:naam, ' ')) AS woord
),
-- Words of the register that are one typo away: by trigrams and then exactly, or with two letters swapped.
bijna AS MATERIALIZED (
    SELECT g.woord, v.woord AS gevonden
    FROM gevraagd g JOIN woord v ON v.woord % g.woord
    WHERE g.letters >= 5 AND levenshtein_less_equal(v.woord, g.woord, 1) = 1
    UNION
    SELECT g.woord, v.woord
    FROM gevraagd g JOIN woord v ON v.woord = ANY (ARRAY(
        SELECT left(g.woord, i - 1) || substr(g.woord, i + 1, 1) || substr(g.woord, i, 1)
            || substr(g.woord, i + 2)
        FROM generate_series(1, g.letters - 1) AS i))
    WHERE g.letters >= 5
),
vraag AS MATERIALIZED (
    SELECT
        string_agg(letterlijk, ' & ')::tsquery AS gelijk,
        string_agg(begin, ' & ')::tsquery AS begin,
        string_agg('(' || concat_ws(' | ', begin, verschreven) || ')', ' & ')::tsquery AS alles
    FROM (
        SELECT letterlijk,
            letterlijk || CASE WHEN letters >= 2 THEN ':*' ELSE '' END AS begin,
            (SELECT string_agg(quote_literal(b.gevonden), ' | ')
                FROM bijna b WHERE b.woord = g.woord) AS verschreven
        FROM gevraagd g
    ) w
),
past AS NOT MATERIALIZED (
    SELECT *, true AS eigen
    FROM erkenning
    WHERE startdatum <= :van AND einddatum >= :tot
),
treffer AS MATERIALIZED (
    SELECT id AS leerbedrijf_id, gevouwen, x * :x + y * :y + z * :z AS nabij,
        CASE
            WHEN gevouwen = :naam THEN 0
            WHEN woorden @@ (SELECT gelijk FROM vraag) THEN 1
            WHEN woorden @@ (SELECT begin FROM vraag) THEN 2
            ELSE 3
        END AS rang
    FROM leerbedrijf l
    WHERE woorden @@ (SELECT alles FROM vraag)
        AND punt && ST_MakeEnvelope(:west, :zuid, :oost, :noord, 4326)
        AND x * :x + y * :y + z * :z >= :cosinus
        AND EXISTS (SELECT FROM past p WHERE p.leerbedrijf_id = l.id)
),
totaal AS MATERIALIZED (SELECT count(*) AS n FROM treffer),
pagina AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY rang, nabij DESC, gevouwen, leerbedrijf_id) AS volgorde
    FROM (
        SELECT leerbedrijf_id, nabij, rang, gevouwen
        FROM treffer
        ORDER BY rang, nabij DESC, gevouwen, leerbedrijf_id
        LIMIT 25
    ) v
)
