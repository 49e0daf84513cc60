import type { KubernetesApi } from "../volume-snapshots/kubernetes";

/** State of a container whose last attempt has ended. */
interface Ended {
  readonly restarts: number;

  /** Exit code and the last lines of its log: `code 1: …`. */
  readonly reason: string;
}

interface Body {
  readonly metadata: { readonly creationTimestamp: string };
  readonly status: {
    readonly initContainerStatuses?: readonly {
      readonly name: string;
      readonly restartCount: number;
      readonly lastState?: { readonly terminated?: { readonly exitCode: number; readonly message?: string } };
    }[];
  };
}

/** The pod of a drill. */
export class Pod {
  constructor(
    private readonly api: KubernetesApi,
    private readonly name: string,
  ) {}

  /** Time of its creation: volume, images and server come afterwards. */
  async created(): Promise<Date> {
    return new Date((await this.read()).metadata.creationTimestamp);
  }

  /** Restarts of its server. */
  async server(): Promise<Ended> {
    const found = (await this.read()).status.initContainerStatuses?.find(({ name }) => name === "kurrentdb");
    const { exitCode = 0, message = "" } = found?.lastState?.terminated ?? {};
    return { restarts: found?.restartCount ?? 0, reason: `code ${exitCode}: ${message.trim().slice(-500)}` };
  }

  private async read(): Promise<Body> {
    return (await this.api.call("GET", "/api/v1", `pods/${this.name}`)).body as Body;
  }
}
