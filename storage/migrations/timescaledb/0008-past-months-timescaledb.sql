-- Chunks that are over are compressed in segments by point: nothing else is needed to read them point by point.
-- depends: 0007-roles

CREATE FUNCTION index_past_month(ended_before timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT NULL::text
$$;

COMMENT ON FUNCTION index_past_month IS 'Nothing to do: the column store keeps past chunks by point.';

REVOKE EXECUTE ON FUNCTION index_past_month(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION index_past_month(timestamptz) TO quaymeter_app;
