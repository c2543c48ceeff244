"""Works the queue: counts the words of each job's text, slowly. On SIGTERM it finishes the job at hand."""

import json
import os
import signal
import time
import uuid

import redis

import jobs

SECONDS_A_JOB = 0.05


def main():
    store = jobs.connect()
    name = uuid.uuid4().hex[:8]
    stopping = False

    def stop(_signal, _frame):
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    print(f"worker {name} is ready")
    checked = 0.0
    while not stopping:
        try:
            if time.monotonic() - checked > jobs.LEASE_SECONDS:
                jobs.give_back_lost(store)
                checked = time.monotonic()
            job = jobs.take(store, name)
            if job is None:
                continue
            text = json.loads(job)["text"]
            time.sleep(SECONDS_A_JOB)
            jobs.finish(store, job, {"words": len(text.split()), "worker": name, "release": os.environ.get("HOP3_RELEASE")})
        except redis.exceptions.ConnectionError as error:
            print(f"redis does not answer, trying again: {error}")
            time.sleep(1)
    print(f"worker {name} has stopped")


main()
