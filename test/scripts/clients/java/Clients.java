import io.lettuce.core.RedisClient;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.sql.DriverManager;
import java.time.Duration;

/** Connects with one client, by nothing but the variables of a pod, and prints its version. */
class Clients {
    public static void main(String[] arguments) {
        try {
            String version = connect(arguments[0]);
            System.out.println(version + " on Java " + System.getProperty("java.version"));
            System.exit(0);
        } catch (Throwable failed) {
            for (Throwable cause = failed; cause != null; cause = cause.getCause()) System.out.println(cause);
            System.exit(1);
        }
    }

    private static String connect(String name) throws Exception {
        switch (name) {
            case "postgresql":
                try (var connection = DriverManager.getConnection(System.getenv("JDBC_URL"))) {
                    connection.createStatement().execute("select 1");
                    return connection.getMetaData().getDriverVersion();
                }
            case "lettuce":
                try (var client = RedisClient.create(System.getenv("REDIS_URL")); var connection = client.connect()) {
                    connection.sync().ping();
                    return io.lettuce.core.LettuceVersion.getVersion();
                }
            case "jnats":
                var options = new Options.Builder().server(System.getenv("NATS_URL")).connectionTimeout(Duration.ofSeconds(30)).build();
                try (var connection = Nats.connect(options)) {
                    connection.flush(Duration.ofSeconds(5));
                    return Nats.CLIENT_VERSION;
                }
            default:
                throw new IllegalArgumentException(name);
        }
    }
}
