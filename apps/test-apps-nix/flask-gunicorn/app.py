"""A small web app that shows what a worker sees."""

import os
import time

from flask import Flask, abort, jsonify, request

app = Flask(__name__)

# Variables that may be shown to anyone: never a secret, an addon's address or a password.
SHOWN = {"BIND_ADDRESS", "GREETING", "HOP3_APP", "HOP3_PUBLIC_URL", "HOP3_RELEASE", "HOME", "PORT"}
SHOWN_PREFIXES = ("DEMO_", "PUBLIC_")
LONGEST_SLEEP = 30


@app.get("/")
def index():
    greeting = os.environ.get("GREETING", "Hello")
    release = os.environ.get("HOP3_RELEASE", "no release")
    return f"{greeting}, this is {release}\n", {"Content-Type": "text/plain; charset=utf-8"}


@app.get("/healthz")
def healthz():
    return "ok\n", {"Content-Type": "text/plain"}


@app.get("/env/<name>")
def env(name):
    if name not in SHOWN and not name.startswith(SHOWN_PREFIXES):
        abort(403, f"{name} is not shown; only {', '.join(sorted(SHOWN))} and names that begin with DEMO_ or PUBLIC_ are")
    if name not in os.environ:
        abort(404, f"{name} is not set")
    return jsonify({name: os.environ[name]})


@app.get("/slow")
def slow():
    seconds = request.args.get("s", default=1.0, type=float)
    if not 0 <= seconds <= LONGEST_SLEEP:
        abort(400, f"s is a number of seconds from 0 to {LONGEST_SLEEP}")
    time.sleep(seconds)
    return f"answered after {seconds:g} s by {os.environ.get('HOP3_RELEASE', 'no release')}\n"
