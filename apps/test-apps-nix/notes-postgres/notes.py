"""Notes that are kept in PostgreSQL. Everything it needs to know is in DATABASE_URL."""

import os
from contextlib import contextmanager
from html import escape

from flask import Flask, abort, jsonify, redirect, request
from psycopg2.pool import ThreadedConnectionPool

app = Flask(__name__)
# The addon allows an app 40 connections; two processes of four threads hold eight.
pool = ThreadedConnectionPool(0, 4, os.environ["DATABASE_URL"])


@contextmanager
def database():
    connection = pool.getconn()
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        # A connection that the server has closed (a restart, say) is thrown away, and the next request makes a new one.
        pool.putconn(connection, close=connection.closed != 0)


def find(part):
    with database() as cursor:
        cursor.execute("SELECT id, text, made_at FROM notes WHERE text ILIKE %s ORDER BY id", (f"%{part}%",))
        return [{"id": id, "text": text, "made_at": made_at.isoformat()} for id, text, made_at in cursor.fetchall()]


@app.get("/")
def page():
    part = request.args.get("q", "")
    items = "".join(f"<li>{escape(note['text'])}</li>" for note in find(part))
    return (
        "<!doctype html><title>Notes</title><h1>Notes</h1>"
        f'<form><input name="q" value="{escape(part)}"><button>Search</button></form><ul>{items}</ul>'
        '<form method="post" action="/notes"><input name="text" required><button>Add</button></form>'
    )


@app.get("/notes")
def notes():
    return jsonify(find(request.args.get("q", "")))


@app.post("/notes")
def add():
    text = request.form.get("text", "").strip()
    if not text:
        abort(400, "a note has text")
    with database() as cursor:
        cursor.execute("INSERT INTO notes (text) VALUES (%s)", (text,))
    return redirect("/", 303)


@app.get("/healthz")
def healthz():
    with database() as cursor:
        cursor.execute("SELECT count(*) FROM notes")
    return "ok\n", {"Content-Type": "text/plain"}
