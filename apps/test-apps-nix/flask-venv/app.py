"""A guest book: a Flask app with templates, a static file and a database in the app's data directory."""

import os
import sqlite3

from flask import Flask, abort, redirect, render_template, request

app = Flask(__name__)

# The working directory of an app is its data directory, which deploys leave alone. The app's own files cannot be written.
DATABASE = os.path.abspath("guests.db")
LONGEST_NAME = 40
SHOWN = 50


def database():
    connection = sqlite3.connect(DATABASE, timeout=10)
    connection.row_factory = sqlite3.Row
    return connection


@app.cli.command("init-db")
def init_db():
    """Makes the table where there is none; runs before every start."""
    with database() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS guest (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")


@app.get("/")
def index():
    with database() as connection:
        guests = connection.execute("SELECT name FROM guest ORDER BY id DESC LIMIT ?", (SHOWN,)).fetchall()
    return render_template("index.html", guests=guests, release=os.environ.get("HOP3_RELEASE", "no release"))


@app.post("/")
def sign():
    name = request.form.get("name", "").strip()
    if not 0 < len(name) <= LONGEST_NAME:
        abort(400, f"name has 1 to {LONGEST_NAME} characters")
    with database() as connection:
        connection.execute("INSERT INTO guest (name) VALUES (?)", (name,))
    return redirect("/")


@app.get("/healthz")
def healthz():
    with database() as connection:
        connection.execute("SELECT 1 FROM guest LIMIT 1")
    return "ok\n", {"Content-Type": "text/plain"}
