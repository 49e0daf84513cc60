/** Metrics in the text format of Prometheus, by the names that the platform's rules and dashboards read. */

type Labels = Readonly<Record<string, string>>;

/** Upper bounds of durations, in seconds. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Upper bounds of numbers of rows. */
const ROWS = [0, 1, 10, 100];

/** One metric: its series by their labels. */
abstract class Metric<S> {
  private static readonly all: Metric<unknown>[] = [];
  private readonly series = new Map<string, S>();

  constructor(
    readonly name: string,
    readonly type: "counter" | "histogram",
    readonly help: string,
  ) {
    Metric.all.push(this);
  }

  protected abstract begin(): S;
  protected abstract lines(labels: string, series: S): readonly string[];

  protected of(labels: Labels): S {
    const key = Object.entries(labels)
      .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (sign) => (sign === "\n" ? "\\n" : `\\${sign}`))}"`)
      .join(",");
    const series = this.series.get(key) ?? this.begin();
    this.series.set(key, series);
    return series;
  }

  static text(): string {
    const lines = Metric.all.flatMap((metric) => [
      `# HELP ${metric.name} ${metric.help}`,
      `# TYPE ${metric.name} ${metric.type}`,
      ...[...metric.series].flatMap(([labels, series]) => metric.lines(labels, series)),
    ]);
    return `${lines.join("\n")}\n`;
  }
}

class Counter extends Metric<{ value: number }> {
  constructor(name: string, help: string) {
    super(name, "counter", help);
  }

  protected begin() {
    return { value: 0 };
  }

  protected lines(labels: string, { value }: { value: number }) {
    return [`${this.name}{${labels}} ${value}`];
  }

  /** A rate sees only what is added to a series that was there before: with 0 it begins one. */
  add(labels: Labels, count = 1): void {
    this.of(labels).value += count;
  }
}

interface Observed {
  readonly counts: number[];
  count: number;
  sum: number;
}

class Histogram extends Metric<Observed> {
  constructor(
    name: string,
    help: string,
    private readonly bounds: readonly number[],
  ) {
    super(name, "histogram", help);
  }

  protected begin() {
    return { counts: this.bounds.map(() => 0), count: 0, sum: 0 };
  }

  protected lines(labels: string, { counts, count, sum }: Observed) {
    const more = labels && `${labels},`;
    return [
      ...this.bounds.map((bound, index) => `${this.name}_bucket{${more}le="${bound}"} ${counts[index]}`),
      `${this.name}_bucket{${more}le="+Inf"} ${count}`,
      `${this.name}_sum{${labels}} ${sum}`,
      `${this.name}_count{${labels}} ${count}`,
    ];
  }

  observe(labels: Labels, value: number): void {
    const series = this.of(labels);
    series.count++;
    series.sum += value;
    this.bounds.forEach((bound, index) => {
      if (value <= bound) series.counts[index] = (series.counts[index] ?? 0) + 1;
    });
  }
}

const requests = new Histogram("http_server_request_duration_seconds", "Duration of HTTP requests.", SECONDS);
const commands = new Counter("cqrs_command_total", "Commands by their outcome.");
const commandDuration = new Histogram("cqrs_command_duration", "Duration of commands in seconds.", SECONDS);
const queryDuration = new Histogram("cqrs_query_duration", "Duration of queries in seconds.", SECONDS);
const queryResults = new Histogram("cqrs_query_result_count", "Rows that queries returned.", ROWS);

const secondsSince = (begin: number) => (performance.now() - begin) / 1000;

/** Everything that was measured. */
export function exposition(): Response {
  return new Response(Metric.text(), { headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" } });
}

/** Measures a request. One that throws is answered with 503. */
export async function request(method: string, route: string, answer: () => Response | Promise<Response>): Promise<Response> {
  const begin = performance.now();
  let status = 503;
  try {
    const response = await answer();
    status = response.status;
    return response;
  } finally {
    const labels = { http_request_method: method, http_route: route, http_response_status_code: String(status) };
    requests.observe(labels, secondsSince(begin));
  }
}

/** Makes the series of a command, so that its first outcome of each kind is counted. */
export function expectCommand(command_type: string): void {
  for (const status of ["success", "rejected", "error"]) commands.add({ command_type, status }, 0);
}

/** Measures a command. One that is rejected is a decision and no error; one that throws is an error. */
export async function command<T>(command_type: string, work: () => Promise<T>, isRejected = (_: T) => false): Promise<T> {
  const begin = performance.now();
  let status = "error";
  try {
    const outcome = await work();
    status = isRejected(outcome) ? "rejected" : "success";
    return outcome;
  } finally {
    commands.add({ command_type, status });
    commandDuration.observe({ command_type, success: String(status === "success") }, secondsSince(begin));
  }
}

/** Measures a query, and counts its rows. */
export async function query<T>(query_type: string, work: () => Promise<readonly T[]>): Promise<readonly T[]> {
  const begin = performance.now();
  try {
    const rows = await work();
    queryResults.observe({ query_type }, rows.length);
    return rows;
  } finally {
    queryDuration.observe({ query_type }, secondsSince(begin));
  }
}
