/** A registry doesn't answer, or not with versions. */
export class NoAnswer extends Error {}

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Pages of tags that are read at most. */
const MOST_PAGES = 50;

/** Reads versions from public registries. Each address is asked once. */
export class Registries {
  private readonly answers = new Map<string, Promise<string>>();

  constructor(private readonly fetch: Fetch) {}

  /** Versions of a chart in a repository with an index. @throws NoAnswer */
  async helm(repository: string, chart: string): Promise<readonly string[]> {
    return chartVersions(await this.text(`${repository.replace(/\/$/, "")}/index.yaml`), chart);
  }

  /** Versions of a provider of Terraform: `hashicorp/aws`. @throws NoAnswer */
  async terraform(source: string): Promise<readonly string[]> {
    const { versions } = parsed(await this.text(`https://registry.terraform.io/v1/providers/${source}/versions`));
    return ((versions ?? []) as readonly { readonly version: string }[]).map(({ version }) => version);
  }

  /** Tags of a repository of images or charts: `quay.io`, `jetstack/charts/cert-manager`. @throws NoAnswer */
  async tags(host: string, repository: string): Promise<readonly string[]> {
    const base = `https://${host === "docker.io" ? "registry-1.docker.io" : host}`;
    const tags: string[] = [];
    let authorization: string | undefined;
    let path: string | undefined = `/v2/${repository}/tags/list?n=1000`;
    for (let page = 0; path !== undefined && page < MOST_PAGES; page++) {
      let response = await this.get(base + path, authorization);
      if (response.status === 401) {
        authorization = await this.token(response.headers.get("www-authenticate") ?? "");
        response = await this.get(base + path, authorization);
      }
      const body = parsed(await textOf(response, base));
      tags.push(...((body.tags ?? []) as readonly string[]));
      path = next(response.headers.get("link"), base);
    }
    return tags;
  }

  /** Token for anonymous reads (OCI distribution, token authentication). */
  private async token(challenge: string): Promise<string> {
    const { realm, ...parameters } = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
    if (!/^bearer /i.test(challenge) || !realm) throw new NoAnswer("the registry wants credentials");
    const { token, access_token } = parsed(await this.text(`${realm}?${new URLSearchParams(parameters)}`));
    return `Bearer ${token ?? access_token}`;
  }

  private text(url: string): Promise<string> {
    const known = this.answers.get(url) ?? this.get(url).then((response) => textOf(response, url));
    this.answers.set(url, known);
    return known;
  }

  private get(url: string, authorization?: string): Promise<Response> {
    const headers = authorization === undefined ? {} : { authorization };
    return this.fetch(url, { headers, signal: AbortSignal.timeout(30_000) }).catch((error: Error) => {
      throw new NoAnswer(`${new URL(url).host} can't be reached: ${(error.cause as Error | undefined)?.message ?? error.message}`);
    });
  }
}

async function textOf(response: Response, url: string): Promise<string> {
  if (!response.ok) throw new NoAnswer(`${new URL(url).host} answered ${response.status}`);
  return response.text().catch((error: Error) => {
    throw new NoAnswer(`${new URL(url).host} broke off: ${error.message}`);
  });
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text);
  } catch {
    throw new NoAnswer("the answer is not JSON");
  }
}

/** Path of the next page of tags. */
function next(link: string | null, base: string): string | undefined {
  const found = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
  if (found === undefined) return undefined;
  const { pathname, search } = new URL(found, base);
  return `${pathname}${search}`;
}

/** Versions of a chart in an index. An index has up to 20 MB of YAML, so only the lines of the chart are read. */
export function chartVersions(index: string, chart: string): readonly string[] {
  const lines = index.split("\n");
  const start = lines.findIndex((line) => new RegExp(`^( +)"?${chart}"?:\\s*$`).test(line));
  if (start < 0) throw new NoAnswer(`the repository has no chart ${chart}`);
  const indent = /^ */.exec(lines[start] ?? "")?.[0].length ?? 0;
  const length = lines.slice(start + 1).findIndex((line) => new RegExp(`^ {0,${indent}}[^\\s-]`).test(line));
  const block = lines.slice(start + 1, length < 0 ? undefined : start + 1 + length);
  const dash = /^( *)- /.exec(block[0] ?? "")?.[1]?.length ?? indent;
  // Keys of an entry are two columns behind its dash. Dependencies have versions as well, deeper.
  const version = new RegExp(`^ {${dash}}[- ] version: *["']?([^"'\\s]+)`);
  return block.flatMap((line) => version.exec(line)?.[1] ?? []);
}
