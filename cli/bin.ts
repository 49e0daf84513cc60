#!/usr/bin/env node
import { entry } from "./entry";

entry(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
