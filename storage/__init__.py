"""The only room that knows SQL: migrations, writer, roll-ups, queries, import and export."""
