/**
 * Regions of the commercial partition, each with the letters of its first three zones.
 * us-west-1 offers two of its three zones to each account. Letters map to different zones in each account, IDs to the same.
 * Source: AWS Regions and Availability Zones (2026).
 */
export const REGIONS = {
  "af-south-1": "abc",
  "ap-east-1": "abc",
  "ap-east-2": "abc",
  "ap-northeast-1": "acd",
  "ap-northeast-2": "abc",
  "ap-northeast-3": "abc",
  "ap-south-1": "abc",
  "ap-south-2": "abc",
  "ap-southeast-1": "abc",
  "ap-southeast-2": "abc",
  "ap-southeast-3": "abc",
  "ap-southeast-4": "abc",
  "ap-southeast-5": "abc",
  "ap-southeast-6": "abc",
  "ap-southeast-7": "abc",
  "ca-central-1": "abd",
  "ca-west-1": "abc",
  "eu-central-1": "abc",
  "eu-central-2": "abc",
  "eu-north-1": "abc",
  "eu-south-1": "abc",
  "eu-south-2": "abc",
  "eu-west-1": "abc",
  "eu-west-2": "abc",
  "eu-west-3": "abc",
  "il-central-1": "abc",
  "me-central-1": "abc",
  "me-south-1": "abc",
  "mx-central-1": "abc",
  "sa-east-1": "abc",
  "us-east-1": "abc",
  "us-east-2": "abc",
  "us-west-1": "",
  "us-west-2": "abc",
} as const;

/** Zones without an EKS control plane, by ID (EKS user guide, network requirements of subnets). */
export const ZONES_WITHOUT_EKS: Readonly<Partial<Record<string, readonly string[]>>> = {
  "ca-central-1": ["cac1-az3"],
  "us-east-1": ["use1-az3"],
  "us-west-1": ["usw1-az2"],
};

/** Returns postconditions that EKS supports a zone, whose ID is known only in a plan: none in regions where all zones are supported. */
export function eksConditions(region: string, id: string, zone: string, remedy: string) {
  const without = ZONES_WITHOUT_EKS[region];
  if (!without) return [];
  return [
    {
      condition: `\${!contains(${JSON.stringify(without)}, ${id})}`,
      errorMessage: `${zone} is the zone \${${id}} in this account, in which EKS has no control plane; ${remedy}`,
    },
  ];
}

/** A region of AWS, by its code: `eu-west-1`. */
export type Region = keyof typeof REGIONS;

/** Returns the default zones of a region's network: the first three. */
export function defaultZones(region: Region): readonly string[] {
  return [...REGIONS[region]].map((letter) => `${region}${letter}`);
}
