/** Values that a person, a program or an attacker may put in the place of any other, by what they are. */
export function hostileValues(): Readonly<Record<string, unknown>> {
  const loop: Record<string, unknown> = {};
  loop.itself = loop;
  const ring: unknown[] = [];
  ring.push(ring);
  const sparse: unknown[] = [];
  sparse.length = 4_000_000_000;
  return {
    nothing: undefined,
    null: null,
    "an empty text": "",
    "a space": " ",
    zero: 0,
    "minus zero": -0,
    "minus one": -1,
    "a fraction": 0.1,
    "too much": 1e308,
    infinity: Number.POSITIVE_INFINITY,
    "no number": Number.NaN,
    "a big integer": 10n,
    true: true,
    "an empty list": [],
    "a list with a hole": Object.assign(new Array(2), { 1: "a" }),
    "a list of nothing": [undefined],
    "a list of null": [null],
    "a list in itself": ring,
    "a sparse list": sparse,
    "an empty object": {},
    "an object in itself": loop,
    "a prototype": JSON.parse('{"__proto__": {"polluted": true}}'),
    "a constructor": { constructor: { name: "a" } },
    "an engine": { engine: "kurrentdb" },
    "a function": () => "a",
    "a symbol": Symbol("a"),
    "a date": new Date(0),
    "an unreadable date": new Date(Number.NaN),
    "a map": new Map([["a", 1]]),
    "an instance of a class": new (class Settings {
      readonly engine = "kurrentdb";
    })(),
    "a value that can't be read": Object.defineProperty({}, "unreadable", {
      enumerable: true,
      get: () => {
        throw new Error("no value");
      },
    }),
    "a proxy that can't be read": new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no keys");
        },
      },
    ),
    "a template": `\${aws_vpc.main.id}`,
    "a directive": "%{ if true }a%{ endif }",
    "a token": `\${TfToken[TOKEN.0]}`,
    "two lines": "a\nb",
    "a control character": "a\u0000b",
    "half a character": "\ud800",
    "another script": "заказы",
    "a smile": "😀",
    "right to left": "\u202eabc",
    "a word": "gateway",
    "another word": "namespace",
    "the name of a prototype": "__proto__",
    "the name of a method": "toString",
    thousandths: "4000m",
    "a size": "1Gi",
    "a large size": "9007199254740991Ki",
    "a time": "1s",
    "a long number": "9".repeat(400),
    "a long name": "a".repeat(100_000),
    "many hyphens": `a${"-".repeat(100_000)}`,
    "many dots": `${"a.".repeat(50_000)}!`,
    "many slashes": `${"/a".repeat(50_000)}!`,
    "many spaces": `a${" ".repeat(100_000)}!`,
    "an address without an end": `https://${"a:".repeat(50_000)} `,
    "half of a command": "db push ".repeat(10_000),
    "a key without an end": `-----BEGIN PUBLIC KEY-----${"\n".repeat(100_000)}`,
  };
}

type Keys = readonly string[];

/** Every place in a value where another could stand: the value of each key, and of each item. */
export function placesIn(value: unknown, keys: Keys = []): readonly Keys[] {
  const below = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return [keys, ...below.flatMap((key) => placesIn((value as Record<string, unknown>)[key], [...keys, key]))];
}

/** A copy that differs in one place, if that is there. */
export function replaced(value: unknown, [key, ...rest]: Keys, other: unknown): unknown {
  if (key === undefined) return other;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return value;
  const changed = replaced((value as Record<string, unknown>)[key], rest, other);
  return Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed };
}
