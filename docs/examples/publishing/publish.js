// Publishes an order for each customer named: node publish.js CUSTOMER... (npm install kafkajs)

const { Kafka, Partitioners, logLevel } = require("kafkajs");

const TOPIC = process.env.TOPIC ?? "engagement.events.v1";
const WORKSPACE = process.env.WORKSPACE ?? "acme";

async function main(customers) {
  const kafka = new Kafka({ brokers: (process.env.KAFKA ?? "127.0.0.1:9092").split(","), logLevel: logLevel.WARN });
  // kafkajs 2's DefaultPartitioner is Java's murmur2; the LegacyPartitioner is not.
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (const customer of customers) {
    const event = {
      specversion: "1.0",
      id: `order-of-${customer}`, // from what happened: a second try has the same id
      source: "shop/node",
      type: "order.placed",
      time: new Date().toISOString(), // when it happened, not when it is sent
      datacontenttype: "application/json",
      data: { amount: 12.5, items: 3 },
    };
    const [written] = await producer.send({
      topic: TOPIC,
      acks: -1, // all replicas that are in sync
      messages: [
        {
          key: `${WORKSPACE}:${customer}`,
          value: JSON.stringify(event),
          headers: { "content-type": "application/cloudevents+json; charset=UTF-8" },
        },
      ],
    });
    console.log(`${customer}: partition ${written.partition}, offset ${written.baseOffset}`);
  }
  await producer.disconnect();
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
