import io.machineid.Client;

/** Prints the version of the library, or why it does not load, which is the same a second time. */
public final class Loaded {
    public static void main(String[] arguments) {
        try {
            System.out.println(Client.version());
        } catch (UnsatisfiedLinkError refused) {
            System.out.println(refused.getMessage());
            try {
                Client.builder("org_x").build();
            } catch (UnsatisfiedLinkError again) {
                System.exit(again.getMessage().equals(refused.getMessage()) ? 1 : 2);
            }
            System.exit(3);
        }
    }
}
