-- Behind the CTEs of a class: the index stage alone.
SELECT p.leerbedrijf_id, (SELECT n FROM totaal) AS totaal
FROM pagina p
ORDER BY p.volgorde
