import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A row of the table of what an example has to show: `examples/<name>/rows.json`. */
interface Row {
  readonly part: string;
  readonly required: string;

  /** What the row needs and the platform doesn't have yet. Such a row has no assertion. */
  readonly until?: "observability" | "recovery";
}

/**
 * Tests of an example, one for each row of its table, titled by the row's `part`. A row without an assertion fails, and so does
 * an assertion without a row. Rows of what doesn't exist yet are listed as `todo`.
 */
export function describeRows(example: string, assertions: Readonly<Record<string, () => void>>): void {
  const rows = rowsOf(example);
  const shown = rows.filter(({ until }) => until === undefined);

  describe(`the example ${example}`, () => {
    it("has one assertion for each row of its table", () => {
      expect(Object.keys(assertions).sort()).toEqual(shown.map(({ part }) => part).sort());
    });

    for (const { part } of shown) it(part, assertions[part] ?? (() => expect(`an assertion for "${part}"`).toBeUndefined()));
    for (const { part, until } of rows) if (until) it.todo(`${part} (until ${until})`);
  });
}

function rowsOf(example: string): readonly Row[] {
  const file = join(__dirname, "../../../examples", example, "rows.json");
  const rows = JSON.parse(readFileSync(file, "utf8")) as readonly Row[];
  for (const { part, required, until } of rows) {
    if (!part || !required) throw new Error(`${file}: each row must have a part and what is required of it`);
    if (until !== undefined && until !== "observability" && until !== "recovery") throw new Error(`${file}: unknown until: ${until}`);
  }
  return rows;
}
