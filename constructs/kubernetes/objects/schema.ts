/** What reading one resource needs beside its fields: the values of references, and somewhere to say what is wrong. */
export interface Reading {
  /** Where the reader stands: `spec`, `container[0]`, `image`. */
  readonly path: string[];

  /** What a value is once its references are followed. */
  resolve(value: unknown): unknown;

  /** Says what is wrong where the reader stands. */
  refuse(rule: string, remedy: string, value?: unknown): undefined;
}

/** Turns a value as Terraform has it into the value that the API gets, or `undefined` where nothing is sent. */
export type Reader = (value: unknown, reading: Reading) => unknown;

/** One field of a block. */
export interface Field {
  readonly read: Reader;

  /**
   * Its name in the API.
   * @default - Terraform's in camel case
   */
  readonly as?: string;

  /** What the provider sends where nothing is said: the default of its schema. */
  readonly unasked?: unknown;

  /** What the provider sends where other fields of the block are said and this one is not: a zero behind a pointer. */
  readonly beside?: unknown;
}

/** A block by Terraform's names. What is not in it can't be read, and is never dropped. */
export type Fields = Readonly<Record<string, Field | Reader>>;

/** What a provider decides from several fields of a block, once all are read. */
export type Finish = (made: Values, given: Values) => Values;

export type Values = Readonly<Record<string, unknown>>;

/** A block, ready to be read. */
export interface Block {
  readonly fields: ReadonlyMap<string, Field & { readonly as: string }>;
  readonly finish: Finish;
}

/** A block of these fields, sent in this order. */
export function block(fields: Fields, finish: Finish = (made) => made): Block {
  const entries = Object.entries(fields).map(([name, given]): [string, Field & { readonly as: string }] => {
    const field = typeof given === "function" ? { read: given } : given;
    return [name, { ...field, as: field.as ?? camelCase(name) }];
  });
  return { fields: new Map(entries), finish };
}

/** Reads the fields of a block, those apart that only Terraform itself understands. */
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
  return typeof found === "object" ? reading.refuse("is no string", "write one", found) : String(found);
};

/** A whole number, given as one or as a string of digits; an empty string is not sent. */
export const whole: Reader = (value, reading) => {
  const found = reading.resolve(value);
  if (found === "") return undefined;
  const number = typeof found === "string" && /^-?\d+$/.test(found) ? Number(found) : found;
  return Number.isInteger(number) ? number : reading.refuse("is no whole number", "write one that is known at synthesis", found);
};

/** A whole number of which zero says nothing, and is not sent. */
export const count: Reader = (value, reading) => whole(value, reading) || undefined;

/** A port, a number of pods: a number where it reads as one, else a name or a percentage. */
export const numberOrText: Reader = (value, reading) => {
  const found = text(value, reading) as string | undefined;
  return found !== undefined && /^[+-]?\d+$/.test(found) ? Number(found) : found;
};

/** The mode of a file, written in octal digits. */
export const mode: Reader = (value, reading) => {
  const found = reading.resolve(value);
  if (found === "") return undefined;
  const digits = typeof found === "string" && /^0[0-7]{1,4}$/.test(found);
  return digits ? Number.parseInt(found, 8) : reading.refuse("is no file mode", 'write octal digits, like "0440"', found);
};

/** Yes or no, both sent. */
export const truth: Reader = (value, reading) => {
  const found = reading.resolve(value);
  if (found === true || found === "true") return true;
  return found === false || found === "false" ? false : reading.refuse("is neither true nor false", "write one known at synthesis", found);
};

/** Yes, or nothing. */
export const flag: Reader = (value, reading) => truth(value, reading) || undefined;

/** Strings by keys that are left as they are; an empty map is not sent. */
export const map: Reader = (value, reading) => {
  const made = mapOrEmpty(value, reading) as Values | undefined;
  return made && Object.keys(made).length > 0 ? made : undefined;
};

/** Strings by keys that are left as they are. */
export const mapOrEmpty: Reader = (value, reading) => {
  const found = reading.resolve(value);
  if (!isObject(found)) return reading.refuse("is no map", "write one whose keys are known at synthesis", found);
  const entries = Object.entries(found).filter(([, item]) => item !== undefined && item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, at(`["${key}"]`, reading, () => textOrEmpty(item, reading))]));
};

/** Several of something; none is not sent. A list that is known after apply holds one such value. */
export function list(read: Reader): Reader {
  return (value, reading) => {
    const found = reading.resolve(value);
    const items = Array.isArray(found) ? found : [found];
    return items.length > 0 ? items.map((item, index) => at(`[${index}]`, reading, () => read(item, reading))) : undefined;
  };
}

/** Strings, empty ones too. */
export const texts = list(textOrEmpty);

/** A block of which there is one. */
export function one(inner: Block): Reader {
  return (value, reading) => {
    const [first, ...rest] = Array.isArray(value) ? value : [value];
    if (rest.length > 0) return reading.refuse(`has ${rest.length + 1} blocks`, "write one");
    return first === undefined ? undefined : readInner(inner, first, reading);
  };
}

/** A block of which there are several; none is not sent. */
export function many(inner: Block): Reader {
  return (value, reading) => {
    const items = Array.isArray(value) ? value : [value];
    return items.length > 0 ? items.map((item, index) => at(`[${index}]`, reading, () => readInner(inner, item, reading))) : undefined;
  };
}

/** What Terraform keeps to itself. */
export const terraform: Reader = () => undefined;

/** Does something one step further down. */
export function at<T>(step: string, reading: Reading, work: () => T): T {
  reading.path.push(step);
  try {
    return work();
  } finally {
    reading.path.pop();
  }
}

/** Without these fields. */
export function without(made: Values, ...names: readonly string[]): Values {
  return Object.fromEntries(Object.entries(made).filter(([name]) => !names.includes(name)));
}

export function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const NONE: ReadonlySet<string> = new Set();

function readInner(inner: Block, value: unknown, reading: Reading): unknown {
  return isObject(value) ? readBlock(inner, value, reading) : reading.refuse("is no block", "write its fields", value);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
