/** Schema changes in order; entry n brings a database from user_version n to n + 1. Never edited once released. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE apps (
    name        TEXT PRIMARY KEY,
    branch      TEXT,
    live        INTEGER,
    created_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL
  ) STRICT;

  CREATE TABLE ports (
    port      INTEGER PRIMARY KEY,
    app       TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    slot      TEXT NOT NULL CHECK (slot IN ('a', 'b')),
    process   TEXT NOT NULL,
    instance  INTEGER NOT NULL,
    UNIQUE (app, slot, process, instance)
  ) STRICT;

  CREATE TABLE tokens (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    app           TEXT REFERENCES apps(name) ON DELETE CASCADE,
    hash          TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    last_used_at  INTEGER,
    revoked_at    INTEGER
  ) STRICT;

  CREATE TABLE env (
    app    TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (app, name)
  ) STRICT;

  CREATE TABLE builds (
    app         TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    commit_id   TEXT NOT NULL,
    tree        TEXT,
    build_key   TEXT,
    status      TEXT NOT NULL CHECK (status IN ('running', 'built', 'released', 'failed', 'cancelled')),
    by          TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    store_path  TEXT,
    root        INTEGER,
    runtime     TEXT,
    config      TEXT,
    error       TEXT,
    release     INTEGER,
    PRIMARY KEY (app, number)
  ) STRICT;
  CREATE INDEX builds_by_key ON builds (app, tree, build_key) WHERE store_path IS NOT NULL;

  CREATE TABLE releases (
    app          TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    version      INTEGER NOT NULL,
    build        INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('switching', 'done')),
    slot         TEXT NOT NULL CHECK (slot IN ('a', 'b')),
    reason       TEXT NOT NULL CHECK (reason IN ('push', 'rollback', 'env')),
    description  TEXT NOT NULL,
    branch       TEXT,
    by           TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    env          TEXT NOT NULL,
    PRIMARY KEY (app, version),
    FOREIGN KEY (app, build) REFERENCES builds (app, number)
  ) STRICT;
  `,
  // Facts about the database itself.
  `
  CREATE TABLE meta (
    name   TEXT PRIMARY KEY,
    value  TEXT NOT NULL
  ) STRICT;
  `,
  // Addons: what was provisioned, which app has it, and the servers that Hop3 runs for them.
  `
  CREATE TABLE addons (
    name        TEXT PRIMARY KEY,
    type        TEXT NOT NULL CHECK (type IN ('postgres', 'mysql', 'redis')),
    server      TEXT NOT NULL CHECK (server IN ('own', 'operator')),
    access      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL
  ) STRICT;

  CREATE TABLE attachments (
    app     TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    addon   TEXT NOT NULL REFERENCES addons(name) ON DELETE CASCADE,
    prefix  TEXT NOT NULL,
    PRIMARY KEY (app, addon)
  ) STRICT;

  CREATE TABLE addon_servers (
    id      TEXT PRIMARY KEY,
    port    INTEGER UNIQUE,
    secret  TEXT
  ) STRICT;
  `,
  // How many processes of a type an app has, where it is not one.
  `
  CREATE TABLE scale (
    app      TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    process  TEXT NOT NULL,
    count    INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (app, process)
  ) STRICT;
  `,
  // Names that an app answers to besides its own.
  `
  CREATE TABLE domains (
    host      TEXT PRIMARY KEY,
    app       TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    source    TEXT NOT NULL CHECK (source IN ('hop3.toml', 'operator')),
    position  INTEGER NOT NULL
  ) STRICT;
  `,
  // Which of a release's variables Hop3 made; when the command of [admin] has been run.
  `
  ALTER TABLE releases ADD COLUMN generated TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE apps ADD COLUMN admin_made_at INTEGER;
  `,
  // Fixed ports of the host (`[[ports]]`), one owner each.
  `
  CREATE TABLE fixed_ports (
    number    INTEGER NOT NULL,
    protocol  TEXT NOT NULL CHECK (protocol IN ('tcp', 'udp')),
    app       TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    name      TEXT,
    PRIMARY KEY (number, protocol)
  ) STRICT;
  `,
  // How each cron line of an app ran last.
  `
  CREATE TABLE cron_runs (
    app         TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    release     INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    ok          INTEGER NOT NULL DEFAULT 0,
    outcome     TEXT,
    PRIMARY KEY (app, name)
  ) STRICT;
  `,
  // What the stages of an attempt took, as JSON: [{"name": ..., "ms": ...}].
  `
  ALTER TABLE builds ADD COLUMN times TEXT;
  `,
  // Who did what, from where, and how it ended. Rows are only ever added: the triggers refuse the rest, but for the one path that prunes
  // (src/store/audit.ts), which says so in audit_pruning for the time of its transaction. No reference to apps: what was destroyed stays told.
  `
  CREATE TABLE audit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('action', 'refusal')),
    action   TEXT NOT NULL,
    app      TEXT,
    by       TEXT,
    token    TEXT,
    address  TEXT NOT NULL,
    names    TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_by_app ON audit (app, id);

  CREATE TABLE audit_results (
    entry   INTEGER PRIMARY KEY REFERENCES audit(id),
    at      INTEGER NOT NULL,
    result  TEXT NOT NULL CHECK (result IN ('done', 'failed', 'refused', 'cancelled')),
    note    TEXT
  ) STRICT;

  CREATE TABLE audit_pruning (started_at INTEGER NOT NULL) STRICT;

  CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_results_no_update BEFORE UPDATE ON audit_results BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN NOT EXISTS (SELECT 1 FROM audit_pruning)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_results_no_delete BEFORE DELETE ON audit_results WHEN NOT EXISTS (SELECT 1 FROM audit_pruning)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  -- INSERT OR REPLACE removes a row without asking the triggers above.
  CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_results_no_replace BEFORE INSERT ON audit_results WHEN EXISTS (SELECT 1 FROM audit_results WHERE entry = NEW.entry)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  `,
  // What a deploy under way changed before its switch, as it was; apps whose destruction has begun.
  `
  CREATE TABLE unsettled (
    app     TEXT PRIMARY KEY REFERENCES apps(name) ON DELETE CASCADE,
    slot    TEXT,
    before  TEXT NOT NULL
  ) STRICT;
  ALTER TABLE apps ADD COLUMN destroying_at INTEGER;
  `,
];
