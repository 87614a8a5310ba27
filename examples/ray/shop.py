"""Packs orders on the nodes of a Ray cluster, on workers of which each is a device.

    python shop.py ORDER...
"""

import os
import sys

import machineid_ray
import ray


@ray.remote(num_cpus=1)
class Packer(machineid_ray.Worker):
    def work(self, order):
        """Packs the parcels of an order, and looks before each whether this worker still may."""
        for parcel in range(3):
            self.hold()
            print(f"{self.device}: order {order}: parcel {parcel}")
        return order


if __name__ == "__main__":
    prefix = os.environ.get("MACHINEID_DEVICE_PREFIX")
    if not prefix:
        raise SystemExit("MACHINEID_DEVICE_PREFIX is not set: set it to {service}:{env}:{role}")
    # Without an org key here: what is in a runtime_env, any user of the cluster can read.
    ray.init(runtime_env={"working_dir": os.path.dirname(os.path.abspath(__file__))})
    packers = machineid_ray.Pool(Packer, f"{prefix}:line1", 4)
    for order in packers.map_unordered(sys.argv[1:]):
        print(f"order {order} is packed")
