"""An application whose tasks run only while the device of their process is allowed.

    celery --app shop worker --concurrency 4 --hostname worker1@%h
"""

import os

from celery import Celery

app = Celery("shop", broker=os.environ.get("CELERY_BROKER_URL"), task_cls="machineid_celery:GuardedTask")


@app.task(bind=True)
def pack(self, order, parcels):
    """Packs the parcels of an order, and looks before each whether this process still may."""
    for parcel in range(parcels):
        self.hold()
        print(f"order {order}: parcel {parcel}")
