"""Makes each process of a Celery worker a device of its own, which works only while the authority allows it.

    app = Celery("shop", task_cls="machineid_celery:GuardedTask")

The ids are PREFIX:NODE-INDEX, such as "shop:prod:worker:celery@host1-0". The variables of a worker:

    MACHINEID_DEVICE_PREFIX   {service}:{env}:{role}, such as "shop:prod:worker"
    MACHINEID_ORG_KEY_FILE    the file with the org key; or MACHINEID_ORG_KEY, the key
    MACHINEID_INTERVAL_MS     how often each process asks (5000): a revocation takes effect within it and a tenth

A process becomes ready once its device is allowed, so that Celery sends no task to one that is not. The process of a
device that is denied ends, also amid a task: Celery gives the task back to the queue and starts another process, which
waits in the same way. In an outage of more than three intervals, tasks wait where they call hold().
"""

import os
import random
import select
import threading

import libmachineid
from billiard import current_process
from celery import Task
from celery.signals import worker_init, worker_process_init, worker_shutting_down
from celery.utils.log import get_logger

LOOK_S = 0.1  # how often a process that waits looks at its guard
GRACE_S = 1.0  # how long a task may go on without calling hold() when the guard has lapsed

log = get_logger(__name__)
device = None  # that of this process; None outside a worker


class Device:
    def __init__(self, name):
        interval = os.environ.get("MACHINEID_INTERVAL_MS", "5000")
        if not interval.isdecimal() or int(interval) == 0:
            raise ValueError("MACHINEID_INTERVAL_MS must be a whole number of milliseconds above 0")
        prefix = os.environ.get("MACHINEID_DEVICE_PREFIX")
        if not prefix:
            raise ValueError("MACHINEID_DEVICE_PREFIX is not set: set it to {service}:{env}:{role}")
        self.id, self.interval_ms, self.guard = f"{prefix}:{name}", int(interval), None
        self.client = libmachineid.Client.from_env()  # one that is made before the fork works after it
        self.at_rest = threading.Event()  # no task is running, or it waits in hold()
        self.at_rest.set()
        # The parent holds the end that is written to, and closes it when the worker shuts down.
        self._shutdown, self._running = os.pipe()

    def begin(self, index):
        """Returns when the device is registered and allowed. An answer that it is not is logged once."""
        self.shut_down()
        self.id, said, is_registered = f"{self.id}-{index}", None, False
        while not self.guard:
            try:
                if not is_registered:
                    self.client.register(self.id)
                    is_registered = True
                self.guard = self.client.guard(self.id, interval_ms=self.interval_ms)
                why = self.guard.decision().error
            except libmachineid.Error as error:
                why = error
            if not self.guard:
                if why is not None and why.code != said:
                    log.warning("%s takes no tasks: %s", self.id, why)
                    said = why.code
                self._rest(self.interval_ms / 1000 * random.uniform(0.9, 1.1))
        log.info("%s takes tasks", self.id)
        threading.Thread(target=self._watch, daemon=True).start()

    def hold(self):
        """Returns when the device is allowed: at once, or at the end of an outage. Ends the process if it is denied."""
        self.at_rest.set()
        self._await_on()
        self.at_rest.clear()

    def _watch(self):
        """Ends the process when the device is denied, or when a task goes on although the guard has lapsed."""
        while True:
            self.guard.wait_until_off()
            if self.guard.decision().state == "lapsed" and not self.at_rest.wait(GRACE_S):
                self._leave()
            self._await_on()

    def _await_on(self):
        while not self.guard:
            if self.guard is None or self.guard.decision().state in ("denied", "ended"):
                self._leave()
            self._rest(LOOK_S)

    def shut_down(self):
        if self._running is not None:
            os.close(self._running)
            self._running = None

    def _rest(self, seconds):
        """Waits, and ends the process if the worker shuts down meanwhile: the task goes back to the queue."""
        if select.select([self._shutdown], [], [], seconds)[0]:
            os._exit(os.EX_OK)

    def _leave(self):
        """Ends the process at once, whatever its other threads do, without acknowledging its task."""
        log.warning("%s ends: %s", self.id, self.guard.decision().error if self.guard is not None else "no guard")
        os._exit(os.EX_TEMPFAIL)


class GuardedTask(Task):
    acks_late = True  # a task is taken off the queue when it is done, and not when it is begun
    reject_on_worker_lost = True  # and goes back there when its process ends

    def __call__(self, *args, **kwargs):
        if device is None:
            raise RuntimeError(f"{self.name} is guarded, and runs only in a worker: call its delay()")
        was_at_rest = device.at_rest.is_set()
        device.hold()
        try:
            return super().__call__(*args, **kwargs)
        finally:
            if was_at_rest:  # otherwise another task has called this one
                device.at_rest.set()

    def hold(self):
        """To be called between the units of a long task: waits while there is an outage."""
        device.hold()


@worker_init.connect
def prepare(sender, **_):
    """Runs in the parent, before its processes start."""
    global device
    if sender.pool_cls.__module__ != "celery.concurrency.prefork":
        raise SystemExit("machineid_celery: each device is a process, so the worker needs --pool prefork")
    sender.app.conf.worker_proc_alive_timeout = 24 * 3600  # a process may wait for so long until its device is allowed
    sender.app.conf.worker_prefetch_multiplier = 1
    try:
        device = Device(sender.hostname)
    except (ValueError, libmachineid.Error) as error:
        raise SystemExit(f"machineid_celery: {error}") from None


@worker_process_init.connect
def begin(**_):
    device.begin(current_process().index)


@worker_shutting_down.connect
def shut_down(**_):
    device.shut_down()
