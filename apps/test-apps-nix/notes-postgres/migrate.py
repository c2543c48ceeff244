"""Brings the database to what this release needs: runs the numbered files of a directory that it has not seen, in order."""

import os
import pathlib
import sys

import psycopg2

# Any number, the same for every release: two migrations at once wait for each other.
LOCK = 4_711


def main(directory):
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        # All files or none: PostgreSQL takes back tables and columns too when a later file fails.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        cursor.execute("CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, run_at timestamptz NOT NULL DEFAULT now())")
        cursor.execute("SELECT name FROM schema_migrations")
        done = {name for (name,) in cursor.fetchall()}
        files = sorted(pathlib.Path(directory).glob("[0-9]*.sql"))
        for file in files:
            if file.name in done:
                continue
            print(f"migration {file.name}", flush=True)
            cursor.execute(file.read_text())
            cursor.execute("INSERT INTO schema_migrations (name) VALUES (%s)", (file.name,))
        newer = sorted(done - {file.name for file in files})
        if newer:
            # A rollback: the release is older than the database. Its migrations only ever add, so it works with what there is.
            print(f"the database is ahead of this release: {', '.join(newer)}")
    connection.close()


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except psycopg2.Error as error:
        sys.exit(f"the migration failed, and nothing of it is left: {error}")
