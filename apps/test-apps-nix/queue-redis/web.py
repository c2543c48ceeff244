"""Takes jobs over HTTP and shows what became of them."""

import json

from flask import Flask, abort, jsonify, request

import jobs

app = Flask(__name__)
store = jobs.connect()


@app.get("/")
def overview():
    return jsonify(waiting=store.llen("waiting"), working=store.llen("working"), done=int(store.get("done") or 0))


@app.post("/jobs")
def add():
    text = request.form.get("text", "")
    if not text:
        abort(400, "a job has text")
    return jsonify(id=jobs.put(store, text)), 202


@app.get("/jobs/<id>")
def show(id):
    result = store.hget("results", id)
    if result is None:
        return jsonify(state="waiting"), 202
    return jsonify(state="done", **json.loads(result))


@app.get("/healthz")
def healthz():
    store.ping()
    return "ok\n", {"Content-Type": "text/plain"}
