import { writeFileSync } from "node:fs";
import { program } from "./fixtures/environments";
import { addressesOf, synthesisOf } from "./program";

/* Run by `npm version`: from then on every address of this release is a promise. */
const { stacks } = synthesisOf(program);
const addresses = Object.fromEntries([...stacks].map(([id, { json }]) => [id, addressesOf(json)]));
writeFileSync("test/released-addresses.json", `${JSON.stringify(addresses, null, 2)}\n`);
