-- Behind the CTEs of tellingen.sql: the index stage alone, of which the counts are part.
SELECT p.leerbedrijf_id, (SELECT n FROM totaal) AS totaal,
    CASE WHEN p.volgorde = 1 THEN (SELECT json FROM tellingen) END AS tellingen
FROM pagina p
ORDER BY p.volgorde
