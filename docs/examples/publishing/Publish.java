// Publishes an order for each customer named: java -cp 'kafka/libs/*' Publish.java CUSTOMER...
// The classpath has kafka-clients and what it needs (slf4j-api); Java 17 or newer compiles the file as it runs it.

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

public class Publish {
    static final String KAFKA = System.getenv().getOrDefault("KAFKA", "127.0.0.1:9092");
    static final String TOPIC = System.getenv().getOrDefault("TOPIC", "engagement.events.v1");
    static final String WORKSPACE = System.getenv().getOrDefault("WORKSPACE", "acme");

    public static void main(String[] customers) throws ExecutionException, InterruptedException {
        // The defaults are right: idempotent, acks=all, and murmur2 of the key. Leave partitioner.class alone.
        Map<String, Object> settings = Map.of("bootstrap.servers", KAFKA);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            for (String customer : customers) {
                var order = new ProducerRecord<>(TOPIC, WORKSPACE + ":" + customer, "{\"amount\": 12.5, \"items\": 3}");
                Map.of(
                        "ce_specversion", "1.0",
                        "ce_id", "order-of-" + customer, // from what happened: a second try has the same id
                        "ce_source", "shop/java",
                        "ce_type", "order.placed",
                        "ce_time", Instant.now().toString(), // when it happened, not when it is sent
                        "content-type", "application/json")
                    .forEach((name, value) -> order.headers().add(name, value.getBytes(UTF_8)));
                RecordMetadata written = producer.send(order).get();
                System.out.printf("%s: partition %d, offset %d%n", customer, written.partition(), written.offset());
            }
        }
    }
}
