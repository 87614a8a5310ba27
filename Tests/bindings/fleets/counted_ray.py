"""A Ray cluster of four nodes on this machine, and the pool of examples/ray with tasks that write down what they do.
Each line of the standard input, FIRST COUNT, is so many tasks with the numbers from FIRST on; it ends when all are
done. "deaf" is a task that works for long, and never looks whether it still may. "lose" ends a node at once.
"""

import os
import queue
import sys
import threading
import time

import machineid_ray
import ray
from ray.cluster_utils import Cluster
from said import is_begun, say

NODES = 4


@ray.remote(num_cpus=1)
class Counter(machineid_ray.Worker):
    def work(self, number):
        is_deaf = number == "deaf" and not is_begun("deaf")
        say("begun", number, self.device)
        if is_deaf:
            time.sleep(600)
        for _ in range(4):
            self.hold()
            time.sleep(0.05)  # the work
        say("done", number, self.device)


def read(cluster, batches):
    for line in sys.stdin:
        if line == "lose\n":
            cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        elif line == "deaf\n":
            batches.put(["deaf"])
        else:
            first, count = (int(word) for word in line.split())
            batches.put(range(first, first + count))
    batches.put(None)


def main():
    # Nodes with this address listen to nobody else. They have room for the actor of one that is lost.
    node = {"num_cpus": 2, "include_dashboard": False, "node_ip_address": "127.0.0.1"}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    for _ in range(1, NODES):
        cluster.add_node(**node)
    ray.init(address=cluster.address)
    name, interval_ms = f"{os.environ['MACHINEID_DEVICE_PREFIX']}:one", int(os.environ["MACHINEID_INTERVAL_MS"])
    pool = machineid_ray.Pool(Counter, name, NODES, interval_ms)
    batches = queue.SimpleQueue()
    threading.Thread(target=read, args=[cluster, batches], daemon=True).start()
    for batch in iter(batches.get, None):
        for _ in pool.map_unordered(batch):
            pass
    pool.end()
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main()
