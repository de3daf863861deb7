// Reads {schemas: {name: schema}, asyncapi: text, examples: [{schema, text}]} and prints what ajv in strict mode and the official
// AsyncAPI parser say of it.
import fs from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import asyncapi from "@asyncapi/parser";

const given = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));

const unusable = {};
const validators = {};
for (const [name, schema] of Object.entries(given.schemas)) {
  const ajv = new Ajv2020({ strict: true });
  addFormats(ajv);
  try {
    validators[name] = ajv.compile(schema);
  } catch (error) {
    unusable[name] = error.message;
  }
}

function verdict({ schema, text }) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  const validate = validators[schema];
  return validate(value) ? "" : `${validate.errors[0].instancePath} ${validate.errors[0].message}`;
}

const parsed = await new asyncapi.Parser().parse(given.asyncapi);
const HINT = 2; // 0 is an error, 1 a warning
console.log(
  JSON.stringify({
    unusable,
    verdicts: given.examples.map(verdict),
    channels: parsed.document ? parsed.document.channels().length : 0,
    servers: parsed.document ? parsed.document.servers().length : 0,
    diagnostics: parsed.diagnostics.filter(({ severity }) => severity < HINT).map(({ path, message }) => `${path.join(".")}: ${message}`),
  }),
);
