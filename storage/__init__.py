"""The only place that knows SQL: migrations, the writer, roll-ups, queries, import and export."""
