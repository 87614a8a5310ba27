"""The application of examples/celery with tasks that write down what they do, and the commands that send them.

    python counted.py send FIRST COUNT    sends tasks with the numbers from FIRST on
    python counted.py deaf                sends one that works for long, and never looks whether it still may
"""

import json
import os
import sys
import time

import machineid_celery
import redis
from shop import app

broker = redis.Redis(unix_socket_path=app.conf.broker_url.partition("//")[2])


def say(what, number):
    """Adds an event to the list "said" of the broker."""
    # The monotonic clock is the same for all processes of a machine.
    event = {"what": what, "number": number, "device": machineid_celery.device.id, "time": time.monotonic()}
    broker.rpush("said", json.dumps({**event, "pid": os.getpid()}))


@app.task(bind=True, name="count")
def count(self, number):
    say("begun", number)
    for _ in range(4):
        self.hold()
        time.sleep(0.05)  # the work
    say("done", number)


@app.task(name="deaf")
def deaf():
    say("begun", "deaf")
    if [json.loads(event)["number"] for event in broker.lrange("said", 0, -1)].count("deaf") == 1:
        time.sleep(600)
    say("done", "deaf")


if __name__ == "__main__":
    if sys.argv[1] == "send":
        for number in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
            app.send_task("count", [number])
    else:
        app.send_task("deaf")
