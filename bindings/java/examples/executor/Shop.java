import io.machineid.Client;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/** Packs orders, one for each line of its standard input, on four threads that are devices. */
public final class Shop {
    public static void main(String[] arguments) throws Exception {
        String prefix = System.getenv("MACHINEID_DEVICE_PREFIX");
        if (prefix == null) {
            System.err.println("MACHINEID_DEVICE_PREFIX is not set: set it to {service}:{env}:{role}");
            System.exit(1);
        }
        String name = prefix + ":" + InetAddress.getLocalHost().getHostName();
        // The key is in MACHINEID_ORG_KEY, or in the file of MACHINEID_ORG_KEY_FILE.
        try (Client client = Client.fromEnv()) {
            ExecutorService packers = new DeviceExecutor(client, name, 4, Duration.ofSeconds(5));
            BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
            for (String order = orders.readLine(); order != null; order = orders.readLine()) {
                String number = order;
                packers.submit(() -> pack(number));
            }
            packers.shutdown();
            packers.awaitTermination(1, TimeUnit.DAYS);
        }
    }

    /** Packs the parcels of an order, and looks before each whether this thread still may. */
    private static String pack(String order) throws InterruptedException {
        for (int parcel = 0; parcel < 3; parcel++) {
            DeviceExecutor.hold();
            System.out.println(Thread.currentThread().getName() + ": order " + order + ": parcel " + parcel);
        }
        return order;
    }
}
