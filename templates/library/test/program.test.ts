import assert from "node:assert/strict";
import { test } from "node:test";
import { App } from "cdktf";
import { checkStacks } from "cdktf-cqrs/constructs/check";
import { addStack } from "../stack";

test("the stack has no problem", () => {
  const app = new App();
  addStack(app);
  assert.deepEqual(checkStacks(app).problems, []);
});
