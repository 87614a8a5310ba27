"""The application of examples/celery with tasks that write down what they do, and the commands that send them.

    python counted.py send FIRST COUNT    sends tasks with the numbers from FIRST on
    python counted.py deaf                sends one that works for long, and never looks whether it still may
"""

import sys
import time

import machineid_celery
from said import is_begun, say
from shop import app


@app.task(bind=True, name="count")
def count(self, number):
    say("begun", number, machineid_celery.device.id)
    for _ in range(4):
        self.hold()
        time.sleep(0.05)  # the work
    say("done", number, machineid_celery.device.id)


@app.task(name="deaf")
def deaf():
    is_first = not is_begun("deaf")
    say("begun", "deaf", machineid_celery.device.id)
    if is_first:
        time.sleep(600)
    say("done", "deaf", machineid_celery.device.id)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        for number in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
            app.send_task("count", [number])
    else:
        app.send_task("deaf")
