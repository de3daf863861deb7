import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.Properties;

/** Asks the exchange's ClickHouse by JDBC: java -cp clickhouse-jdbc-0.9.5-all.jar:slf4j-api.jar:. Jdbc jdbc:clickhouse://HOST:PORT/mekong PASSWORD */
public final class Jdbc {
    public static void main(String[] arguments) throws Exception {
        Properties account = new Properties();
        account.setProperty("user", "analyst");
        account.setProperty("password", arguments[1]);
        try (Connection connection = DriverManager.getConnection(arguments[0], account)) {
            try (ResultSet columns = connection.getMetaData().getColumns(null, "mekong", "seizures", "%")) {
                int number = 0;
                while (columns.next()) {
                    number++;
                }
                System.out.println("columns of seizures: " + number);
            }
            String question = "SELECT agency, count() AS cases, sum(mass_kg) AS kg FROM seizures WHERE country = ? GROUP BY agency ORDER BY agency";
            try (PreparedStatement asked = connection.prepareStatement(question)) {
                asked.setString(1, "VN");
                try (ResultSet rows = asked.executeQuery()) {
                    while (rows.next()) {
                        System.out.println(rows.getString("agency") + " " + rows.getLong("cases") + " " + rows.getBigDecimal("kg").toPlainString());
                    }
                }
            }
            try (ResultSet rows = connection.createStatement().executeQuery(
                    "SELECT count() FROM seizures_as_of(known_at = '2026-09-15T00:00:00.000Z')")) {
                rows.next();
                System.out.println("known then: " + rows.getLong(1));
            }
        }
    }
}
