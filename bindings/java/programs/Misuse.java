import io.machineid.Client;
import io.machineid.Guard;
import java.util.List;

/** The conditions and arguments that the compiler refuses, on the lines that say so. */
final class Misuse {
    static void work() {}

    static void conditions(Client client, Guard guard) {
        if (client.validate("never")) work(); // refused
        if (!client.validate("never")) return; // refused
        while (client.validate("never")) work(); // refused
        boolean both = client.validate("never") && true; // refused
        if (client.require("never")) work(); // refused
        if (client.validateMany(List.of("never"))) work(); // refused
        if (!client.validateMany(List.of("never")).isEmpty()) work(); // refused
        if (client.async().validate("never")) work(); // refused
        if (client.async().require("never")) work(); // refused
        if (client.isAllowed) work(); // refused
        if (client::isAllowed) work(); // refused
        if (guard) work(); // refused
        while (guard) work(); // refused
        if (guard.decision()) work(); // refused
        if (guard.stopped()) work(); // refused
        client.validate(5); // refused
        client.validateMany("never"); // refused
        client.validateMany(List.of(5)); // refused
        if (client.isAllowed("never")) work();
        if (client.validate("never").isAllowed()) work();
        while (guard.isAllowed()) work();
    }
}
