/** Context for reading a resource: reference values and error reporting. */
export interface Reading {
  /** Current path: `spec`, `container[0]`, `image`. */
  readonly path: string[];

  /** Returns a value with its references resolved. */
  resolve(value: unknown): unknown;

  /** Reports a problem at the current path. */
  refuse(rule: string, remedy: string, value?: unknown): undefined;
}

/** Converts a value of Terraform into the value for the API, or `undefined` if nothing is sent. */
export type Reader = (value: unknown, reading: Reading) => unknown;

/** One field of a block. */
export interface Field {
  readonly read: Reader;

  /**
   * Its name in the API.
   * @default - Terraform's in camel case
   */
  readonly as?: string;

  /** The provider's default if nothing is set, from its schema. */
  readonly unasked?: unknown;

  /** The provider's value if the field is omitted, but other fields of the block are set: a zero value. */
  readonly beside?: unknown;
}

/** Fields of a block by Terraform's names. Unknown fields are rejected, never dropped. */
export type Fields = Readonly<Record<string, Field | Reader>>;

/** Adjusts a block as the provider does from several of its fields, after all are read. */
export type Finish = (made: Values, given: Values) => Values;

/** Arguments of a resource or a block, or values of a chart. */
export type Values = Readonly<Record<string, unknown>>;

/** A block with its reader. */
export interface Block {
  readonly fields: ReadonlyMap<string, Field & { readonly as: string }>;
  readonly finish: Finish;
}

/** Returns a block of these fields, sent in this order. */
export function block(fields: Fields, finish: Finish = (made) => made): Block {
  const entries = Object.entries(fields).map(([name, given]): [string, Field & { readonly as: string }] => {
    const field = typeof given === "function" ? { read: given } : given;
    return [name, { ...field, as: field.as ?? camelCase(name) }];
  });
  return { fields: new Map(entries), finish };
}

/** Reads the fields of a block, except those that only Terraform uses. */
export function readBlock({ fields, finish }: Block, given: Values, reading: Reading, ignored: ReadonlySet<string> = NONE): Values {
  const said = Object.keys(given).filter((name) => given[name] !== undefined && given[name] !== null && !ignored.has(name));
  for (const name of said)
    if (!fields.has(name))
      at(name, reading, () => reading.refuse("is a field that is not known", "add it to constructs/kubernetes/objects"));
  const made: Record<string, unknown> = {};
  for (const [name, { read, as, unasked, beside }] of fields) {
    const value = given[name];
    const sent =
      value === undefined || value === null
        ? (unasked ?? (said.length > 0 ? beside : undefined))
        : at(name, reading, () => read(value, reading));
    if (sent !== undefined) made[as] = sent;
  }
  return finish(made, given);
}

/** A string; an empty one is not sent. */
export const text: Reader = (value, reading) => textOrEmpty(value, reading) || undefined;

/** A string, sent even if it is empty. */
export const textOrEmpty: Reader = (value, reading) => {
  const found = reading.resolve(value);
  return typeof found === "object" ? reading.refuse("must be a string", "write one", found) : String(found);
};

/** An integer, given as a number or a string of digits; an empty string is not sent. */
export const whole: Reader = (value, reading) => {
  const found = reading.resolve(value);
  if (found === "") return undefined;
  const number = typeof found === "string" && /^-?\d+$/.test(found) ? Number(found) : found;
  return Number.isInteger(number) ? number : reading.refuse("must be a whole number", "write one that is known at synthesis", found);
};

/** An integer; zero is not sent. */
export const count: Reader = (value, reading) => whole(value, reading) || undefined;

/** A port or a number of pods: a number if it is numeric, otherwise a name or a percentage. */
export const numberOrText: Reader = (value, reading) => {
  const found = text(value, reading) as string | undefined;
  return found !== undefined && /^[+-]?\d+$/.test(found) ? Number(found) : found;
};

/** A file mode, written in octal digits. */
export const mode: Reader = (value, reading) => {
  const found = reading.resolve(value);
  if (found === "") return undefined;
  const digits = typeof found === "string" && /^0[0-7]{1,4}$/.test(found);
  return digits ? Number.parseInt(found, 8) : reading.refuse("must be a file mode", 'write octal digits, like "0440"', found);
};

/** A boolean; both values are sent. */
export const truth: Reader = (value, reading) => {
  const found = reading.resolve(value);
  if (found === true || found === "true") return true;
  return found === false || found === "false" ? false : reading.refuse("is neither true nor false", "write one known at synthesis", found);
};

/** A boolean; only true is sent. */
export const flag: Reader = (value, reading) => truth(value, reading) || undefined;

/** A map of strings with unchanged keys; an empty map is not sent. */
export const map: Reader = (value, reading) => {
  const made = mapOrEmpty(value, reading) as Values | undefined;
  return made && Object.keys(made).length > 0 ? made : undefined;
};

/** A map of strings with unchanged keys. */
export const mapOrEmpty: Reader = (value, reading) => {
  const found = reading.resolve(value);
  if (!isObject(found)) return reading.refuse("must be a map", "write one whose keys are known at synthesis", found);
  const entries = Object.entries(found).filter(([, item]) => item !== undefined && item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, at(`["${key}"]`, reading, () => textOrEmpty(item, reading))]));
};

/** A list; an empty list is not sent. A list known only after an apply contains one placeholder. */
export function list(read: Reader): Reader {
  return (value, reading) => {
    const found = reading.resolve(value);
    const items = Array.isArray(found) ? found : [found];
    return items.length > 0 ? items.map((item, index) => at(`[${index}]`, reading, () => read(item, reading))) : undefined;
  };
}

/** A list of strings, including empty ones. */
export const texts = list(textOrEmpty);

/** A single block. */
export function one(inner: Block): Reader {
  return (value, reading) => {
    const [first, ...rest] = Array.isArray(value) ? value : [value];
    if (rest.length > 0) return reading.refuse(`has ${rest.length + 1} blocks`, "write one");
    return first === undefined ? undefined : readInner(inner, first, reading);
  };
}

/** A repeated block; an empty list is not sent. */
export function many(inner: Block): Reader {
  return (value, reading) => {
    const items = Array.isArray(value) ? value : [value];
    return items.length > 0 ? items.map((item, index) => at(`[${index}]`, reading, () => readInner(inner, item, reading))) : undefined;
  };
}

/** A field that only Terraform uses. */
export const terraform: Reader = () => undefined;

/** Runs `work` one path step deeper. */
export function at<T>(step: string, reading: Reading, work: () => T): T {
  reading.path.push(step);
  try {
    return work();
  } finally {
    reading.path.pop();
  }
}

/** Returns a block without these fields. */
export function without(made: Values, ...names: readonly string[]): Values {
  return Object.fromEntries(Object.entries(made).filter(([name]) => !names.includes(name)));
}

export function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const NONE: ReadonlySet<string> = new Set();

function readInner(inner: Block, value: unknown, reading: Reading): unknown {
  return isObject(value) ? readBlock(inner, value, reading) : reading.refuse("must be a block", "write its fields", value);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
