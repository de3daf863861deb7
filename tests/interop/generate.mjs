// generate.mjs LANGUAGE NAME=FILE...: prints the types that quicktype makes of JSON Schemas.
import fs from "node:fs";
import { InputData, JSONSchemaInput, quicktype } from "quicktype-core";

const [language, ...sources] = process.argv.slice(2);
const schemas = new JSONSchemaInput(undefined);
for (const source of sources) {
  const [name, file] = source.split("=");
  await schemas.addSource({ name, schema: fs.readFileSync(file, "utf8") });
}
const input = new InputData();
input.addInput(schemas);
const rendererOptions = language === "java" ? { package: "exchange" } : {};
const { lines } = await quicktype({ inputData: input, lang: language, rendererOptions });
console.log(lines.join("\n"));
