/** The types refuse a decision as a condition. */
final class Misuse {
    static void work() {}

    static void conditions(MachineIDClient client) {
        if (client.validate("never")) work(); // refused
        if (!client.validate("never")) return; // refused
        while (client.validate("never")) work(); // refused
        boolean both = client.validate("never") && true; // refused
        if (client.require("never")) work(); // refused
        client.validate(5); // refused
        if (client.isAllowed("never")) work();
        if (client.validate("never").allowed()) work();
    }
}
