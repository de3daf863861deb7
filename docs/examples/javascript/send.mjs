// send.mjs AGENCY FILE: sends a file of messages (one JSON object a line) with KafkaJS, and prints the receipt of each.
// Ends with 0 when each message has its receipt, whatever the receipt says; with 1 when the broker refused a message or a receipt is missing.
import fs from "node:fs";
import { randomUUID } from "node:crypto";
import { CompressionTypes, Kafka, logLevel } from "kafkajs";

const RECEIPTS_WITHIN_MS = 120_000;
const AT_ONCE = 100; // KafkaJS makes one batch of one send: keep it well below 1,000,000 bytes

// The operator gives you the address, the user, the password and the CA file.
function connection(environment) {
  const found = { clientId: "mekong-example", brokers: environment.MEKONG_KAFKA_BOOTSTRAP.split(","), logLevel: logLevel.ERROR };
  if (environment.MEKONG_KAFKA_USERNAME) {
    found.ssl = { ca: [fs.readFileSync(environment.MEKONG_KAFKA_CAFILE, "utf8")] };
    found.sasl = { mechanism: "scram-sha-512", username: environment.MEKONG_KAFKA_USERNAME, password: environment.MEKONG_KAFKA_PASSWORD };
  }
  return found;
}

const [agency, file] = process.argv.slice(2);
const kafka = new Kafka(connection(process.env));
const receipts = `receipts.${agency}.v1`;

// KafkaJS cannot read without a group. Its name begins with the agency's code and a point, because the agency has rights to these groups
// only. This group is of this run alone, and begins at the end that the topic has now.
const consumer = kafka.consumer({ groupId: `${agency}.${randomUUID()}`, readUncommitted: false });
const admin = kafka.admin();
await admin.connect();
const [end] = await admin.fetchTopicOffsets(receipts);
await admin.disconnect();

const sent = new Set();
let allHere;
const answered = new Promise((resolve) => (allHere = resolve));
await consumer.connect();
await consumer.subscribe({ topics: [receipts] });
await consumer.run({
  autoCommit: false,
  eachMessage: async ({ message }) => {
    const receipt = JSON.parse(message.value);
    if (!sent.delete(receipt.correlation_id)) return; // receipts of the agency's other programs arrive here too
    console.log(receipt.case_no, receipt.outcome, receipt.reason ?? "", receipt.detail ?? "");
    if (sent.size === 0) allHere(true);
  },
});
consumer.seek({ topic: receipts, partition: end.partition, offset: end.high });

const producer = kafka.producer({
  idempotent: true, // the library's own retries neither double nor reorder
  allowAutoTopicCreation: false,
});
await producer.connect();
const lines = fs.readFileSync(file, "utf8").split("\n").filter((line) => line.trim());
const messages = lines.map((line) => ({
  key: JSON.parse(line).case_no,
  value: line,
  headers: { correlation_id: randomUUID() },
}));
for (const { headers } of messages) sent.add(headers.correlation_id);
for (let first = 0; first < messages.length; first += AT_ONCE) {
  const part = messages.slice(first, first + AT_ONCE);
  await producer.send({ topic: `in.${agency}.v1`, acks: -1, compression: CompressionTypes.None, messages: part });
}
await producer.disconnect();

const late = setTimeout(() => allHere(false), RECEIPTS_WITHIN_MS);
const complete = await answered;
clearTimeout(late);
await consumer.disconnect();
if (!complete) {
  console.error(`${sent.size} receipts have not come: ask the operator whether the exchange runs`);
  process.exitCode = 1;
}
