"""From syntax trees to DuckDB SQL: what a value is, and what a predicate or an expression means."""
