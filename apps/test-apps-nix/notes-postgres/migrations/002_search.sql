-- Finds parts of words; the extension is asked for in hop3.toml.
CREATE INDEX notes_by_part ON notes USING gin (text gin_trgm_ops);
