import { IMAGE_REMEDY } from "../../../constructs/kubernetes";
import type { DraftEnvironment, DraftSystem, Rule, RuleFinding } from "../check/drafts";
import type { Draft, Finding } from "../check/finding";
import { suggestion } from "../check/shape";
import { workloadsIn } from "../derive/workloads";
import { releaseFile } from "../release";
import type { Projections } from "../workloads/projection";
import type { SlotSettings, WorkloadRelease } from "../workloads/release-file";
import { otherSlot, SINGLE, SLOTS, slotsUnsupported, type WorkloadKind } from "../workloads/roles";

/** Rules for the versions of workloads, wherever they are set. */
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
  imagesAreAllowed,
];

const SLOT_SETTINGS = ["slots", "live", "weights", "preview"] as const satisfies readonly (keyof SlotSettings)[];
const RELEASED = ["image", ...SLOT_SETTINGS] as const satisfies readonly (keyof WorkloadRelease)[];

type Setting = (typeof RELEASED)[number];

/** Release settings of one workload, from the release file or the environment. */
interface Part {
  /** Name of the environment. */
  readonly environment: string | undefined;
  readonly kind: WorkloadKind;
  readonly name: string;

  /** Location of the workload in the environment. */
  readonly keys: readonly string[];
  readonly blueGreen: boolean;

  /** Settings of the workload, merged with the release file. */
  readonly said: Draft<Pick<WorkloadRelease, "image"> & SlotSettings>;

  /** Has a default image in its domain. */
  readonly hasDefault: boolean;

  /** Has a release file. */
  readonly hasFile: boolean;

  /** Location of a setting, or where it belongs. */
  readonly at: (setting: Setting) => readonly string[];

  /** Checks if the release file contains the setting, valid or not. */
  readonly inFile: (setting: Setting) => boolean;

  /** Settings of the workload in the environment. */
  readonly written: Readonly<Record<string, unknown>>;
}

function partsOf(system: DraftSystem, environment: DraftEnvironment): readonly Part[] {
  const hasFile = "release" in environment;
  const release = environment.release;
  const file = release?.workloads ?? {};
  return workloadsIn(system).flatMap(({ workload }): Part[] => {
    const { name, kind, keys } = workload;
    const written = workload.written as unknown as Readonly<Record<string, unknown>>;
    // A rejected release or entry is already reported.
    if (hasFile && (release?.workloads === undefined || (Object.hasOwn(file, name) && file[name] === undefined))) return [];
    const entry = (Object.hasOwn(file, name) ? file[name] : undefined) ?? {};
    const inFile = (setting: Setting) => setting in entry;
    return [
      {
        environment: system.name,
        kind,
        name,
        keys,
        written,
        blueGreen: "release" in workload.settings && workload.settings.release === "blue-green",
        said: { ...written, ...(entry as SlotSettings) },
        hasDefault: "image" in workload.settings,
        hasFile,
        inFile,
        at: (setting) =>
          inFile(setting) || (hasFile && !(setting in written)) ? ["release", "workloads", name, setting] : [...keys, setting],
      },
    ];
  });
}

function ruleOfWorkloads(rule: (part: Part) => readonly Finding[]): Rule {
  return (system, environment) => partsOf(system, environment).flatMap(rule);
}

/** Images that the API server would refuse, wherever they are named. */
function imagesAreAllowed(system: DraftSystem, environment: DraftEnvironment): Finding[] {
  const { registries } = system;
  if (!registries?.length) return [];
  const defaults = Object.entries(environment.domains ?? {}).map(([name, domain]) => [["domains", name, "image"], domain?.image] as const);
  return [...defaults, ...partsOf(system, environment).flatMap(imagesIn)].flatMap(([keys, image]): Finding[] => {
    if (typeof image !== "string") return [];
    if (!registries.some((registry) => image.startsWith(`${registry}/`))) {
      const remedy = "use one of them, or add its registry";
      return [{ keys, value: image, rule: `must come from ${registries.join(" or ")}, as registries says`, remedy }];
    }
    const remedy = "add it: …@sha256:…";
    return image.includes("@sha256:") ? [] : [{ keys, value: image, rule: "must name its digest, because registries is set", remedy }];
  });
}

/** Images of a workload, each with its location. */
function imagesIn({ said, written, keys, at }: Part): readonly (readonly [keys: readonly string[], image: unknown])[] {
  const { sidecars = [], readModel } = written as Partial<Pick<Projections, "sidecars" | "readModel">>;
  return [
    [at("image"), said.image],
    ...Object.entries(said.slots ?? {}).map(([slot, image]) => [[...at("slots"), slot], image] as const),
    ...sidecars.map((sidecar, index) => [[...keys, "sidecars", String(index), "image"], sidecar?.image] as const),
    ...Object.entries(readModel?.slots ?? {}).flatMap(([slot, filled]) =>
      (["image", "migrations"] as const).map((key) => [[...keys, "readModel", "slots", slot, key], filled?.[key]] as const),
    ),
  ];
}

/** An environment that spreads another one would also copy its release. */
function releasesAreTheirOwn({ name }: DraftSystem, { release }: DraftEnvironment): Finding[] {
  if (!name || !release?.of || release.of === name) return [];
  return [{ keys: ["release", "of"], value: release.of, rule: "is another environment", remedy: `import ${releaseFile(name)} here` }];
}

function releasesAreOfWorkloads(system: DraftSystem, { release }: DraftEnvironment): RuleFinding[] {
  const names = workloadsIn(system).map(({ workload }) => workload.name);
  return Object.keys(release?.workloads ?? {})
    .filter((name) => !names.includes(name))
    .map((name) => ({
      keys: ["release", "workloads", name],
      rule: `is not a workload of ${system.name}`,
      remedy: names.length > 0 ? suggestion(name, names) : "remove it",
      lacking: true,
    }));
}

function versionsAreNamedOnce(system: DraftSystem, environment: DraftEnvironment): Finding[] {
  return partsOf(system, environment).flatMap(({ keys, written, inFile }) =>
    RELEASED.filter((setting) => setting in written && inFile(setting)).map((setting) => ({
      keys: [...keys, setting],
      value: written[setting],
      rule: `is also set in ${releaseFile(String(system.name))}`,
      remedy: "leave it out here",
    })),
  );
}

function singleWorkloadsHaveNoSlots({ kind, said, at }: Part): Finding[] {
  if (SINGLE[kind] === undefined) return [];
  const [setting] = SLOT_SETTINGS.filter((key) => key in said);
  return setting ? [{ keys: at(setting), rule: slotsUnsupported(kind), remedy: "use image alone" }] : [];
}

function waysAreNotMixed(part: Part): Finding[] {
  const { kind, name, blueGreen, said, at, inFile } = part;
  if (SINGLE[kind] !== undefined) return [];
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
  const { hasFile, hasDefault, blueGreen, said, at } = part;
  // A setting in the wrong place is already reported.
  if ("image" in said || "slots" in said || (hasDefault && !blueGreen)) return [];
  const [setting, options] = blueGreen ? (["slots", "--slot blue --image <image>"] as const) : (["image", "--image <image>"] as const);
  const inEnvironment = blueGreen ? "name an image for blue or green" : IMAGE_REMEDY;
  return [
    {
      keys: at(setting),
      rule: "is missing",
      remedy: hasFile ? command(part, options) : inEnvironment,
    },
  ];
}

/** Command that changes the release file, by its name in every project. */
function command({ environment, name }: Part, change: string): string {
  return `cdktf-cqrs release ${environment} ${name} ${change}`;
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
