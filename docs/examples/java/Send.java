import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Send AGENCY FILE: sends a file of messages (one JSON object a line) with kafka-clients, and prints the receipt of each.
 *
 * <p>Ends with 0 when each message has its receipt, whatever the receipt says; with 1 when the broker refused a message or a receipt is
 * missing.
 */
public class Send {
    private static final Duration RECEIPTS_WITHIN = Duration.ofSeconds(120);
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] given) throws Exception {
        String agency = given[0];
        List<String> lines = Files.readAllLines(Path.of(given[1])).stream().filter(line -> !line.isBlank()).toList();
        try (Consumer<String, String> receipts = receiptsFromNow(agency)) {
            Set<String> sent = send(agency, lines);
            Instant deadline = Instant.now().plus(RECEIPTS_WITHIN);
            while (!sent.isEmpty() && Instant.now().isBefore(deadline)) {
                for (var record : receipts.poll(Duration.ofSeconds(1))) {
                    print(JSON.readTree(record.value()), sent);
                }
            }
            if (!sent.isEmpty()) {
                System.err.println(sent.size() + " receipts have not come: ask the operator whether the exchange runs");
                System.exit(1);
            }
        }
    }

    /** Sends each line with a correlation id of its own, and returns the ids. Throws when the broker refuses a message. */
    private static Set<String> send(String agency, List<String> lines) throws Exception {
        Properties settings = connection();
        settings.put("key.serializer", StringSerializer.class.getName());
        settings.put("value.serializer", StringSerializer.class.getName());
        settings.put("enable.idempotence", "true"); // the library's own retries neither double nor reorder; it includes acks=all
        settings.put("compression.type", "none");
        Set<String> sent = new HashSet<>();
        List<Future<RecordMetadata>> reports = new ArrayList<>();
        try (var producer = new KafkaProducer<String, String>(settings)) {
            for (String line : lines) {
                String correlation = UUID.randomUUID().toString();
                var message = new ProducerRecord<>("in." + agency + ".v1", JSON.readTree(line).get("case_no").asText(), line);
                message.headers().add("correlation_id", correlation.getBytes(StandardCharsets.US_ASCII));
                sent.add(correlation);
                reports.add(producer.send(message));
            }
            for (Future<RecordMetadata> report : reports) {
                report.get(); // an ExecutionException: the broker refused this message
            }
        }
        return sent;
    }

    /** A reader of the agency's receipts. It begins at the end that the topic has now, so call it before you send. */
    private static Consumer<String, String> receiptsFromNow(String agency) {
        Properties settings = connection();
        settings.put("key.deserializer", StringDeserializer.class.getName());
        settings.put("value.deserializer", StringDeserializer.class.getName());
        settings.put("isolation.level", "read_committed");
        settings.put("enable.auto.commit", "false");
        var reader = new KafkaConsumer<String, String>(settings);
        List<TopicPartition> places = List.of(new TopicPartition("receipts." + agency + ".v1", 0));
        reader.assign(places);
        reader.seekToEnd(places);
        reader.position(places.get(0)); // the seek happens now, and not at the first poll
        return reader;
    }

    private static void print(JsonNode receipt, Set<String> sent) {
        if (sent.remove(receipt.path("correlation_id").asText())) { // receipts of the agency's other programs arrive here too
            String why = receipt.path("reason").asText("") + " " + receipt.path("detail").asText("");
            System.out.println(receipt.path("case_no").asText() + " " + receipt.path("outcome").asText() + " " + why);
        }
    }

    /** The operator gives you the address, the user, the password and the CA file. */
    private static Properties connection() {
        var found = new Properties();
        found.put("bootstrap.servers", System.getenv("MEKONG_KAFKA_BOOTSTRAP"));
        String user = System.getenv("MEKONG_KAFKA_USERNAME");
        if (user != null) {
            String password = System.getenv("MEKONG_KAFKA_PASSWORD");
            String login = "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";";
            found.put("security.protocol", "SASL_SSL");
            found.put("sasl.mechanism", "SCRAM-SHA-512");
            found.put("sasl.jaas.config", login.formatted(user, password));
            found.put("ssl.truststore.type", "PEM");
            found.put("ssl.truststore.location", System.getenv("MEKONG_KAFKA_CAFILE"));
        }
        return found;
    }
}
