-- name: begin_run
-- Finds or makes the run, notes who wrote it last, and returns its number; no row where it is of another content.
INSERT INTO truth.run AS run (site, scenario, seed, begins, step_s, content, code_version)
VALUES (%(site)s, %(scenario)s, %(seed)s, %(begins)s, %(step_s)s, %(content)s, %(code_version)s)
ON CONFLICT (site, scenario, seed, begins, step_s) DO UPDATE
    SET code_version = excluded.code_version, content = excluded.content, written_at = now()
    WHERE run.content IN ('', excluded.content)
RETURNING id;

-- name: keep_day
-- Keeps one demonstrator's use of a day in both worlds; written again, the later one holds.
INSERT INTO truth.demonstrator_day AS known
    (run_id, demonstrator, point, day, without_measure, with_measure, unit)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (run_id, demonstrator, point, day) DO UPDATE
    SET without_measure = excluded.without_measure, with_measure = excluded.with_measure, unit = excluded.unit;

-- name: keep_fault
-- Keeps one fault of a sensor; written again, the later one holds.
INSERT INTO truth.fault AS known (run_id, point, kind, begins_at, ends_at, size, detail)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (run_id, point, kind, begins_at) DO UPDATE
    SET ends_at = excluded.ends_at, size = excluded.size, detail = excluded.detail;

-- name: runs
-- The runs of a site (of all, where none is named), the newest write first, with the days they tell.
SELECT run.id, run.site, run.scenario, run.seed, run.begins, run.step_s, run.content, run.code_version,
       run.written_at,
       (SELECT min(day) FROM truth.demonstrator_day WHERE run_id = run.id),
       (SELECT max(day) FROM truth.demonstrator_day WHERE run_id = run.id)
FROM truth.run AS run WHERE %(site)s IN ('', run.site) ORDER BY run.written_at DESC, run.id DESC;

-- name: days
-- Days of a run, both ends included, of one demonstrator or of all.
SELECT demonstrator, point, day, without_measure, with_measure, unit FROM truth.demonstrator_day
WHERE run_id = %(run)s AND %(demonstrator)s IN ('', demonstrator)
  AND day BETWEEN coalesce(%(first)s::date, '-infinity') AND coalesce(%(last)s::date, 'infinity')
ORDER BY demonstrator, point, day;

-- name: faults
-- Faults of a run that touch a period, in order of time.
SELECT point, kind, begins_at, nullif(ends_at, 'infinity'), size, detail FROM truth.fault
WHERE run_id = %(run)s AND begins_at < coalesce(%(last)s::date + 1, 'infinity'::date)
  AND ends_at >= coalesce(%(first)s::date, '-infinity')
ORDER BY begins_at, point, kind;
