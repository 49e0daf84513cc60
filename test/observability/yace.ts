import { parse } from "yaml";

interface Job {
  readonly type: string;
  readonly metrics: readonly { readonly name: string; readonly statistics: readonly string[] }[];
}

/** The series that YACE makes of its configuration (0.67, pkg/promutil/migrate.go), with the series of resources. */
export function seriesOf(config: string): readonly string[] {
  const { jobs } = parse(config).discovery as { readonly jobs: readonly Job[] };
  return [
    ...new Set(
      jobs.flatMap(({ type, metrics }) => [
        `${snake(type.toLowerCase())}_info`,
        ...metrics.flatMap(({ name, statistics }) =>
          statistics.map((statistic) => `${snake(type.toLowerCase())}_${snake(name)}_${snake(statistic)}`),
        ),
      ]),
    ),
  ];
}

/** An underscore comes only between a lower-case letter or a digit and an upper-case letter. */
function snake(name: string): string {
  return name
    .replaceAll("/", "_")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();
}
