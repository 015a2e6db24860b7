-- Imports of history that comes in numbered parts (days that are made, not read from a file): which part is next.
-- depends: 0007-roles

ALTER TABLE import_job ADD COLUMN parts_done bigint NOT NULL DEFAULT 0;
ALTER TABLE import_job ADD COLUMN parts bigint;  -- in all; NULL for a file, which counts rows

COMMENT ON COLUMN import_job.parts_done IS 'Parts that are committed; a resumed import begins with the next.';
