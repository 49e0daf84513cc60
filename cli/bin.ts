#!/usr/bin/env node
import { outliveReaders } from "./children";
import { entry } from "./entry";

outliveReaders();
entry(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
