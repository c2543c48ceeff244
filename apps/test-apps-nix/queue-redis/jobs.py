"""The queue: two lists and a hash in Redis.

`waiting` -> `working` -> gone, with the outcome in `results`. A worker holds a job by a lease that runs out: when it dies, somebody
else takes the job again.
"""

import json
import os
import uuid

import redis

LEASE_SECONDS = 15


def connect():
    return redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)


def put(store, text):
    job = json.dumps({"id": uuid.uuid4().hex, "text": text})
    store.lpush("waiting", job)
    return json.loads(job)["id"]


def take(store, worker):
    """The next job as it stands in the list, or None after a second without one."""
    job = store.blmove("waiting", "working", 1, "RIGHT", "LEFT")
    if job is not None:
        store.set(f"lease:{json.loads(job)['id']}", worker, ex=LEASE_SECONDS)
    return job


def finish(store, job, outcome):
    # In one step: a job is either still being worked on, or done.
    with store.pipeline(transaction=True) as step:
        step.lrem("working", 1, job)
        step.hset("results", json.loads(job)["id"], json.dumps(outcome))
        step.incr("done")
        step.execute()


def give_back_lost(store):
    """Jobs whose worker is gone wait again."""
    for job in store.lrange("working", 0, -1):
        if store.exists(f"lease:{json.loads(job)['id']}"):
            continue
        if store.lrem("working", 1, job):
            store.rpush("waiting", job)
