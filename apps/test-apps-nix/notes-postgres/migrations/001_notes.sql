CREATE TABLE notes (
  id        bigserial PRIMARY KEY,
  text      text NOT NULL CHECK (text <> ''),
  made_at   timestamptz NOT NULL DEFAULT now()
);
