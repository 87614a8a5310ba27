"""Makes each worker of a pool of Ray actors a device of its own, which works only while the authority allows it.

    @ray.remote(num_cpus=1)
    class Packer(machineid_ray.Worker):
        def work(self, order):
            ...

    packers = machineid_ray.Pool(Packer, "shop:prod:packer:line1", 4)
    for result in packers.map_unordered(orders):
        ...

The devices are NAME-0, NAME-1 and so on, on whichever node they run. Each node finds the org key in its environment,
where `ray start` is called: MACHINEID_ORG_KEY_FILE, the file with it, or MACHINEID_ORG_KEY, the key.

A worker becomes ready once its device is allowed, and is given no task before. The process of one that is denied ends,
also amid a task: the pool gives that task to another worker, and Ray starts another process, which waits in the same
way. In an outage of more than three intervals, tasks wait where they call hold().
"""

import collections
import logging
import os
import random
import threading
import time

import libmachineid
import ray

LOOK_S = 0.1  # how often a worker that waits looks at its guard
GRACE_S = 1.0  # how long a task may go on without calling hold() when the guard has lapsed

_END = object()  # what stands for no further task

log = logging.getLogger(__name__)


class Worker:
    """The base of an actor. Its device is registered and allowed when it has been made."""

    def __init__(self, device, interval_ms):
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        self.device = device
        self._at_rest = threading.Event()  # no task is running, or it waits in hold()
        self._at_rest.set()
        self._client = libmachineid.Client.from_env()
        self._guard = self._begin(interval_ms)
        log.info("%s takes tasks", device)
        threading.Thread(target=self._watch, daemon=True).start()

    def work(self, task):
        """Does a task, and returns its result. It calls self.hold() between the units of a long one."""
        raise NotImplementedError

    def hold(self):
        """Returns when the device is allowed: at once, or at the end of an outage. Ends the process if it is denied."""
        self._at_rest.set()
        self._await_on()
        self._at_rest.clear()

    def run(self, task):
        """What the pool calls."""
        self.hold()
        try:
            return self.work(task)
        finally:
            self._at_rest.set()

    @ray.method(max_task_retries=-1)
    def ready(self):
        """Returns when this worker may be given a task. Ray asks again when its process ends meanwhile."""

    def _begin(self, interval_ms):
        """Returns a guard that is on. An answer that the device is not allowed is logged once."""
        said, is_registered = None, False
        while True:
            try:
                if not is_registered:
                    self._client.register(self.device)
                    is_registered = True
                guard = self._client.guard(self.device, interval_ms=interval_ms)
                if guard:
                    return guard
                why = guard.decision().error
            except (libmachineid.InvalidArgumentError, libmachineid.InvalidOptionsError):
                raise
            except libmachineid.Error as error:
                why = error
            if why is not None and why.code != said:
                log.warning("%s takes no tasks: %s", self.device, why)
                said = why.code
            time.sleep(interval_ms / 1000 * random.uniform(0.9, 1.1))

    def _watch(self):
        """Ends the process when the device is denied, or when a task goes on although the guard has lapsed."""
        while True:
            self._guard.wait_until_off()
            if self._guard.decision().state == "lapsed" and not self._at_rest.wait(GRACE_S):
                self._leave()
            self._await_on()

    def _await_on(self):
        while not self._guard:
            if self._guard.decision().state in ("denied", "ended"):
                self._leave()
            time.sleep(LOOK_S)

    def _leave(self):
        """Ends the process at once, whatever its other threads do, without an answer about its task."""
        log.warning("%s ends: %s", self.device, self._guard.decision().error)
        os._exit(os.EX_TEMPFAIL)


class Pool:
    """Workers on the nodes of a cluster: ray.util.ActorPool for workers that may be revoked."""

    def __init__(self, actor_class, name, count, interval_ms=5000):
        """Starts so many actors of a class, which is a Worker with ray.remote. The name is
        {service}:{env}:{role}:{instance}, the instance being this pool; interval_ms is how often each device is asked
        about: a revocation takes effect within it and a tenth."""
        if count < 1:
            raise ValueError("count must be 1 at least")
        actor_class = actor_class.options(max_restarts=-1, max_task_retries=0, scheduling_strategy="SPREAD")
        self._workers = [actor_class.remote(f"{name}-{index}", interval_ms) for index in range(count)]
        self._idle, self._waiting = collections.deque(), {}
        for worker in self._workers:
            self._await_ready(worker)

    def map_unordered(self, tasks):
        """Yields the results of the tasks, in the order in which they come. A task whose worker has ended is given to
        another one. An exception that a task raises is raised here, and no further task is begun then."""
        tasks, back, at_hand, is_more = iter(tasks), collections.deque(), {}, True
        try:
            while True:
                while self._idle and (back or is_more):
                    task = back.popleft() if back else next(tasks, _END)
                    if task is _END:
                        is_more = False
                    else:
                        worker = self._idle.popleft()
                        at_hand[worker.run.remote(task)] = (worker, task)
                if not (at_hand or back or is_more):
                    return
                future = ray.wait([*at_hand, *self._waiting])[0][0]
                if future in self._waiting:
                    ray.get(future)  # raises the error of a worker that cannot be made
                    self._idle.append(self._waiting.pop(future))
                    continue
                worker, task = at_hand[future]
                try:
                    result = ray.get(future)
                except ray.exceptions.RayActorError:
                    del at_hand[future]
                    back.append(task)
                    self._await_ready(worker)
                else:
                    del at_hand[future]
                    self._idle.append(worker)
                    yield result
        finally:
            for worker, _ in at_hand.values():
                self._await_ready(worker)

    def end(self):
        """Ends the workers at once, whatever they do."""
        for worker in self._workers:
            ray.kill(worker)

    def _await_ready(self, worker):
        # An actor does one call after the other, so this one ends after the task at hand.
        self._waiting[worker.ready.remote()] = worker
