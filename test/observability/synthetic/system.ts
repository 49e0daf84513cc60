export type Labels = Readonly<Record<string, string>>;

/** The value of a series after so many seconds; `undefined` while it has none. */
export type Value = number | ((elapsed: number) => number | undefined);

export interface Series {
  readonly name: string;
  readonly labels: Labels;
  readonly value: Value;
}

/** What the exporters of a system say. A fault changes it. */
export class System {
  /**
   * @param cluster the label that all its series have
   * @param begins when what is changed here has happened, in seconds
   */
  constructor(
    readonly cluster: string,
    private series: readonly Series[],
    private readonly begins = 0,
  ) {}

  /** The same, to which something happens later. */
  from(begins: number): System {
    return new System(this.cluster, this.series, begins);
  }

  /** A series is, or becomes, something else: by its value before, and the seconds since the fault began. */
  set(name: string, labels: Labels, value: number | ((before: number, since: number) => number)): this {
    const { begins } = this;
    return this.each(name, labels, ({ value: before, ...series }) => [
      { ...series, value: typeof value === "number" ? value : (at) => value(valueAt(before, at) ?? Number.NaN, at - begins) },
    ]);
  }

  /** Series get other labels, as a state that is told by a label; after a time (in seconds) those that they had. */
  relabel(name: string, labels: Labels, to: Labels, lasts = Number.POSITIVE_INFINITY): this {
    const ends = this.begins + lasts;
    return this.each(name, labels, ({ value, ...series }) => [
      { ...series, labels: { ...series.labels, ...to }, value: (at) => (at < ends ? valueAt(value, at) : undefined) },
      { ...series, value: (at) => (at < ends ? undefined : valueAt(value, at)) },
    ]);
  }

  /** A series has another value for a time (in seconds). */
  dip(name: string, labels: Labels, value: number, lasts: number): this {
    return this.set(name, labels, (before, since) => (since < lasts ? value : before));
  }

  /** Series end. All series with a label where no name is given. */
  end(name: string | undefined, labels: Labels = {}): this {
    return this.each(name, labels, () => []);
  }

  add(name: string, labels: Labels, value: Value): this {
    this.series = [...this.series, { name, labels, value }];
    return this;
  }

  private each(name: string | undefined, labels: Labels, change: (series: Series) => readonly Series[]): this {
    const selected = (one: Series) =>
      (name === undefined || one.name === name) && Object.entries(labels).every(([label, value]) => one.labels[label] === value);
    if (!this.series.some(selected)) throw new Error(`a healthy system has no series ${name ?? ""}${JSON.stringify(labels)}`);
    this.series = this.series.flatMap((one) => (selected(one) ? change(one) : [one]));
    return this;
  }

  /** In the text format of Prometheus. */
  writer(): (elapsed: number) => string {
    const lines = this.series.map(({ name, labels, value }) => {
      const written = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
      return { head: `${name}{${written.join(",")}} `, value };
    });
    const constant = lines.flatMap(({ head, value }) => (typeof value === "number" ? [`${head}${value}\n`] : [])).join("");
    const moving = lines.filter(({ value }) => typeof value !== "number");
    return (elapsed) => {
      const written = moving.map(({ head, value }) => {
        const now = valueAt(value, elapsed);
        // What stands still must not move by what a calculation is off.
        return now === undefined ? "" : `${head}${Math.round(now * 1000) / 1000}\n`;
      });
      return constant + written.join("");
    };
  }
}

function valueAt(value: Value, elapsed: number): number | undefined {
  return typeof value === "number" ? value : value(elapsed);
}
