import { IMAGE_REMEDY } from "../../../constructs/kubernetes";
import type { Draft, DraftEnvironment, Finding, Rule } from "../check/finding";
import { each } from "../check/finding";
import { suggestion } from "../check/shape";
import { releaseFile } from "../release";
import type { SlotSettings, WorkloadRelease } from "../workloads/release-file";
import { otherSlot, ROLES, SLOTS, WORKLOADS, wouldRunTwice } from "../workloads/roles";

/** What must hold of the versions of workloads, wherever they are named. */
export const releaseRules: readonly Rule[] = [
  releasesAreTheirOwn,
  releasesAreOfWorkloads,
  versionsAreNamedOnce,
  ruleOfWorkloads(singleWorkloadsHaveNoSlots),
  ruleOfWorkloads(waysAreNotMixed),
  ruleOfWorkloads(imagesAreNamed),
  ruleOfWorkloads(liveSlotRuns),
  ruleOfWorkloads(weightsAddUp),
  ruleOfWorkloads(previewShowsSomething),
];

const SLOT_SETTINGS = ["slots", "live", "weights", "preview"] as const satisfies readonly (keyof SlotSettings)[];
const RELEASED = ["image", ...SLOT_SETTINGS] as const satisfies readonly (keyof WorkloadRelease)[];

type Setting = (typeof RELEASED)[number];

/** What is released of one workload, be it in the release file or in the environment. */
interface Part {
  readonly environment: DraftEnvironment;
  readonly role: (typeof ROLES)[number];
  readonly name: string;

  /** Where the environment describes it. */
  readonly keys: readonly string[];
  readonly blueGreen: boolean;
  readonly said: Draft<Pick<WorkloadRelease, "image"> & SlotSettings>;

  /** Where a setting stands, or should. */
  readonly at: (setting: Setting) => readonly string[];

  /** What is said of it in the release file, whether that makes sense or not. */
  readonly inFile: (setting: Setting) => boolean;

  /** What it says in the environment itself. */
  readonly written: Readonly<Record<string, unknown>>;
}

function partsOf(environment: DraftEnvironment): readonly Part[] {
  const hasFile = "release" in environment;
  return ROLES.flatMap((role) =>
    each(environment, role).flatMap(([keys, written]): Part[] => {
      const name = String(written.name ?? WORKLOADS[role].name);
      const file = environment.release?.workloads ?? {};
      // Of what is nothing at all so much has been said already.
      if (hasFile && (environment.release?.workloads === undefined || (Object.hasOwn(file, name) && file[name] === undefined))) return [];
      const entry = (Object.hasOwn(file, name) ? file[name] : undefined) ?? {};
      const inFile = (setting: Setting) => setting in entry;
      return [
        {
          environment,
          role,
          name,
          keys,
          written,
          blueGreen: written.release === "blue-green",
          said: { ...written, ...(entry as SlotSettings) },
          inFile,
          at: (setting) =>
            inFile(setting) || (hasFile && !(setting in written)) ? ["release", "workloads", name, setting] : [...keys, setting],
        },
      ];
    }),
  );
}

function ruleOfWorkloads(rule: (part: Part) => readonly Finding[]): Rule {
  return (environment) => partsOf(environment).flatMap(rule);
}

/** An environment that is spread from another one brings that one's release along. */
function releasesAreTheirOwn({ name, release }: DraftEnvironment): Finding[] {
  if (!name || !release?.of || release.of === name) return [];
  return [{ keys: ["release", "of"], value: release.of, rule: "is another environment", remedy: `import ${releaseFile(name)} here` }];
}

function releasesAreOfWorkloads(environment: DraftEnvironment): Finding[] {
  const names = ROLES.flatMap((role) => each(environment, role).map(([, { name }]) => String(name ?? WORKLOADS[role].name)));
  return Object.keys(environment.release?.workloads ?? {})
    .filter((name) => !names.includes(name))
    .map((name) => ({
      keys: ["release", "workloads", name],
      rule: `is no workload of ${environment.name}`,
      remedy: names.length > 0 ? suggestion(name, names) : "remove it",
    }));
}

function versionsAreNamedOnce(environment: DraftEnvironment): Finding[] {
  return partsOf(environment).flatMap(({ keys, written, inFile }) =>
    RELEASED.filter((setting) => setting in written && inFile(setting)).map((setting) => ({
      keys: [...keys, setting],
      value: written[setting],
      rule: `stands in ${releaseFile(String(environment.name))} as well`,
      remedy: "leave it out here",
    })),
  );
}

function singleWorkloadsHaveNoSlots({ role, said, at }: Part): Finding[] {
  if (!WORKLOADS[role].single) return [];
  const [setting] = SLOT_SETTINGS.filter((key) => key in said);
  return setting ? [{ keys: at(setting), rule: wouldRunTwice(role), remedy: "use image alone" }] : [];
}

function waysAreNotMixed(part: Part): Finding[] {
  const { role, name, blueGreen, said, at, inFile } = part;
  if (WORKLOADS[role].single) return [];
  const change = inFile("image") ? command(part, `--slot blue --image ${said.image ?? "<image>"}`) : "put it into a slot";
  if (blueGreen && "image" in said) {
    return [
      {
        keys: at("image"),
        ...(said.image === undefined ? {} : { value: said.image }),
        rule: `is of rolling releases, and ${name} is released blue-green`,
        remedy: "slots" in said ? "leave it out" : change,
      },
    ];
  }
  const [setting] = blueGreen ? [] : SLOT_SETTINGS.filter((key) => key in said);
  return setting
    ? [
        {
          keys: at(setting),
          rule: `is of blue-green releases, and ${name} is released by rolling`,
          remedy: 'use image alone, or say release: "blue-green" in the environment',
        },
      ]
    : [];
}

function imagesAreNamed(part: Part): Finding[] {
  const { environment, blueGreen, said, at } = part;
  // What is named in the wrong place has been told so.
  if ("image" in said || "slots" in said) return [];
  const [setting, options] = blueGreen ? (["slots", "--slot blue --image <image>"] as const) : (["image", "--image <image>"] as const);
  const inEnvironment = blueGreen ? "name an image for blue or green" : IMAGE_REMEDY;
  return [
    {
      keys: at(setting),
      rule: "is missing",
      remedy: "release" in environment ? command(part, options) : inEnvironment,
    },
  ];
}

/** What changes the release file. */
function command({ environment, name }: Part, change: string): string {
  return `npm run release -- ${environment.name} ${name} ${change}`;
}

function liveSlotRuns({ blueGreen, said, at }: Part): Finding[] {
  const { slots, live } = said;
  if (!blueGreen || !slots) return [];
  if (!("live" in said)) return [{ keys: at("live"), rule: "is missing", remedy: "name the slot that takes requests: blue or green" }];
  if (!live || live in slots) return [];
  const found = otherSlot(live) in slots ? `, or say ${otherSlot(live)}` : "";
  return [{ keys: at("live"), value: live, rule: "is a slot without an image", remedy: `put one into slots.${live}${found}` }];
}

function weightsAddUp({ blueGreen, said, at }: Part): Finding[] {
  const { slots = {}, live, weights } = said;
  const { blue, green } = weights ?? {};
  if (!blueGreen || !weights || blue === undefined || green === undefined) return [];
  const keys = at("weights");
  if (blue + green !== 100) return [{ keys, value: weights, rule: `make ${blue + green} of 100`, remedy: "let the two add up to 100" }];
  const empty = SLOTS.find((slot) => (weights[slot] ?? 0) > 0 && !(slot in slots) && slot !== live);
  if (empty) {
    return [
      {
        keys: [...keys, empty],
        value: weights[empty],
        rule: "of 100 requests go to a slot without an image",
        remedy: `put one into slots.${empty}, or leave the weights out`,
      },
    ];
  }
  if (!live || weights[live] !== 0) return [];
  return [
    { keys: [...keys, live], value: 0, rule: "leaves the live slot nothing", remedy: `say live: "${otherSlot(live)}", and no weights` },
  ];
}

function previewShowsSomething({ blueGreen, said, at }: Part): Finding[] {
  const { slots, live, preview } = said;
  if (!blueGreen || !slots || !live || !preview || otherSlot(live) in slots) return [];
  const idle = otherSlot(live);
  return [
    { keys: at("preview"), value: true, rule: `shows ${idle}, which has no image`, remedy: `put one into slots.${idle}, or leave it out` },
  ];
}
