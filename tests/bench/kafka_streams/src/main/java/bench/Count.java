package bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.bouncycastle.crypto.digests.Blake2bDigest;
import org.bouncycastle.util.encoders.Hex;

/**
 * The counter of the comparison: one more for each event of a key, and a send command for every second one.
 *
 * <p>It reads and writes the very records that the Python programs do, binary CloudEvents with the same ids. Its
 * arguments: brokers, application id, topic of events, topic of commands, state folder, guarantee, milliseconds
 * between commits, and whether the store's cache is on.
 */
public final class Count implements Processor<String, byte[], String, byte[]> {
    static final String STORE = "counts";
    private static final int PER_COMMAND = 2;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectReader TO_DATA = JSON.readerFor(new TypeReference<Map<String, Object>>() {});
    private static final ObjectWriter FROM_COMMAND = JSON.writerFor(Command.class);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final byte[] SPEC_VERSION = bytes("1.0");
    private static final byte[] SOURCE = bytes("/orchestrator");
    private static final byte[] TYPE = bytes("channel.send.requested");
    private static final byte[] CONTENT_TYPE = bytes("application/json");

    record Event(
            String id, String source, String type, long timeMs, String workspaceId, String customerId,
            Map<String, Object> data) {}

    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    record Command(
            String id, String workspaceId, String customerId, String journeyId, int version, String runId, String step,
            long visit, String channel, String template, String category, Map<String, Object> variables,
            long decidedAtMs, Long expiresAtMs, double cost) {}

    private final Blake2bDigest hash = new Blake2bDigest(128);
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, Long> counts;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        counts = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
        Event event = decode(record);
        Long before = counts.get(record.key());
        long count = before == null ? 1 : before + 1;
        counts.put(record.key(), count);
        if (count % PER_COMMAND == 0) {
            context.forward(encode(record, command(event, count)));
        }
    }

    private static Event decode(Record<String, byte[]> record) {
        Headers headers = record.headers();
        int colon = record.key().indexOf(':');
        try {
            return new Event(
                    text(headers, "ce_id"),
                    text(headers, "ce_source"),
                    text(headers, "ce_type"),
                    OffsetDateTime.parse(text(headers, "ce_time")).toInstant().toEpochMilli(),
                    record.key().substring(0, colon),
                    record.key().substring(colon + 1),
                    TO_DATA.readValue(record.value()));
        } catch (IOException error) {
            throw new IllegalArgumentException("the event of " + record.key() + " is not JSON", error);
        }
    }

    private Command command(Event event, long count) {
        String id = derivedId("command", event.workspaceId(), event.customerId(), Long.toString(count));
        return new Command(
                id, event.workspaceId(), event.customerId(), "count", 1, "run", "send", count, "email", "count",
                "marketing", Map.of("count", count), event.timeMs(), null, 0.0);
    }

    /** As orchestrator/messages/ids.py: 128 bits of BLAKE2b as a UUID of version 8. */
    private String derivedId(String... parts) {
        byte[] given = bytes(String.join("\u001f", parts));
        byte[] digest = new byte[16];
        hash.update(given, 0, given.length);
        hash.doFinal(digest, 0);
        digest[6] = (byte) (digest[6] & 0x0f | 0x80);
        digest[8] = (byte) (digest[8] & 0x3f | 0x80);
        String hex = Hex.toHexString(digest);
        return hex.substring(0, 8) + '-' + hex.substring(8, 12) + '-' + hex.substring(12, 16) + '-'
                + hex.substring(16, 20) + '-' + hex.substring(20);
    }

    private static Record<String, byte[]> encode(Record<String, byte[]> cause, Command command) {
        Headers headers = new RecordHeaders();
        headers.add("ce_specversion", SPEC_VERSION);
        headers.add("ce_id", bytes(command.id()));
        headers.add("ce_source", SOURCE);
        headers.add("ce_type", TYPE);
        headers.add("ce_time", bytes(TIME.format(Instant.ofEpochMilli(command.decidedAtMs()))));
        headers.add("content-type", CONTENT_TYPE);
        try {
            return new Record<>(cause.key(), FROM_COMMAND.writeValueAsBytes(command), cause.timestamp(), headers);
        } catch (JsonProcessingException error) {
            throw new IllegalStateException("the command " + command.id() + " cannot be written", error);
        }
    }

    private static String text(Headers headers, String name) {
        return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Topology topology(String events, String commands, boolean isCached) {
        var store = Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.Long());
        return new Topology()
                .addSource("events", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), events)
                .addProcessor("count", Count::new, "events")
                .addStateStore(isCached ? store.withCachingEnabled() : store.withCachingDisabled(), "count")
                .addSink("commands", commands, Serdes.String().serializer(), Serdes.ByteArray().serializer(), "count");
    }

    public static void main(String[] arguments) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[1]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[4]);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, arguments[5]);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, arguments[6]);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        boolean isCached = Boolean.parseBoolean(arguments[7]);
        KafkaStreams streams = new KafkaStreams(topology(arguments[2], arguments[3], isCached), settings);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(30))));
        streams.start();
    }
}
