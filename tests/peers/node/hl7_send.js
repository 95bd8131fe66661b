// Sends HL7 messages with simple-hl7: JSON on stdin {port, messages}, an array of acknowledgments on stdout.
"use strict";

const hl7 = require("simple-hl7");

const { port, messages } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const parser = new hl7.Parser();

function send(text) {
  return new Promise((resolve, reject) => {
    const client = hl7.Server.createTcpClient({ host: "127.0.0.1", port });
    client.send(parser.parse(text), (error, acknowledgment) => (error ? reject(error) : resolve(String(acknowledgment))));
  });
}

(async () => {
  const answers = [];
  for (const text of messages) answers.push(await send(text));
  process.stdout.write(JSON.stringify(answers), () => process.exit(0));
})();
