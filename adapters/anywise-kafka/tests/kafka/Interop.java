// The official client: reads our records, and writes its own with the same keys.

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class Interop {
    static String header(ConsumerRecord<String, String> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    public static void main(String[] arguments) throws Exception {
        String url = arguments[0], reads = arguments[1], writes = arguments[2];
        int count = Integer.parseInt(arguments[3]);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Properties properties = new Properties();
        properties.put("bootstrap.servers", url);
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.idempotence", "false");
        var consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
        var producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
        int partitions = consumer.partitionsFor(reads).size();
        List<TopicPartition> all =
                IntStream.range(0, partitions).mapToObj(number -> new TopicPartition(reads, number)).toList();
        consumer.assign(all);
        consumer.seekToBeginning(all);
        for (int seen = 0; seen < count; ) {
            for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                var sent = producer.send(new ProducerRecord<>(writes, record.key(), "{\"number\":8}")).get();
                out.println(String.join("|", record.key(), "" + record.partition(), "" + sent.partition(),
                        header(record, "ce_type"), header(record, "ce_partitionkey"),
                        header(record, "content-type"), header(record, "tenant"), record.value()));
                seen++;
            }
        }
        producer.close();
        System.exit(0);
    }
}
