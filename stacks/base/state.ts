import { TerraformBackend, TerraformRemoteState } from "cdktf";
import type { Construct } from "constructs";
import { cloudName } from "../../constructs/core/names";
import type { StateSettings } from "../model/state";

/** Terraform backend by name and arguments. */
export interface Backend {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

type Key = { readonly system: string; readonly environment: string; readonly part: string };

/** Backend of one state of an environment. */
export function backendOf(settings: StateSettings, key: Key): Backend {
  const make = BACKENDS[settings.backend] as (settings: StateSettings, key: Key) => Readonly<Record<string, unknown>>;
  return { name: settings.backend, arguments: make(settings, key) };
}

const BACKENDS: {
  readonly [B in StateSettings["backend"]]: (
    settings: Extract<StateSettings, { backend: B }>,
    key: Key,
  ) => Readonly<Record<string, unknown>>;
} = {
  kubernetes: ({ context, kubeconfig = "~/.kube/config", namespace = "terraform-state" }, { system, environment, part }) => ({
    config_path: kubeconfig,
    config_context: context,
    namespace,
    secret_suffix: `${system}-${environment}-${part}`,
  }),
  // One schema per state, up to 63 characters (PostgreSQL, identifiers).
  pg: (_, { system, environment, part }) => ({ schema_name: cloudName("workload", system, environment, part).replaceAll("-", "_") }),
  // Like GitLab (GitLab, Terraform state), and other servers that follow it.
  http: ({ address }, { system, environment, part }) => {
    const state = `${address}/${system}-${environment}-${part}`;
    return {
      address: state,
      lock_address: `${state}/lock`,
      unlock_address: `${state}/lock`,
      lock_method: "POST",
      unlock_method: "DELETE",
      retry_wait_min: 5,
    };
  },
  s3: ({ endpoint, bucket, region = "us-east-1" }, { system, environment, part }) => ({
    bucket,
    key: `${system}/${environment}/${part}.tfstate`,
    region,
    endpoints: { s3: endpoint },
    encrypt: true,
    use_lockfile: true,
    use_path_style: true,
    skip_credentials_validation: true,
    skip_metadata_api_check: true,
    skip_region_validation: true,
    skip_requesting_account_id: true,
    skip_s3_checksum: true,
  }),
};

/** Backend that cdktf has no class for, or whose class differs from the current Terraform version. */
export class OtherBackend extends TerraformBackend {
  constructor(
    scope: Construct,
    private readonly backend: Backend,
  ) {
    super(scope, "backend", backend.name);
  }

  protected override synthesizeAttributes() {
    return { ...this.backend.arguments };
  }

  override getRemoteStateDataSource(scope: Construct, name: string): TerraformRemoteState {
    return new OtherRemoteState(scope, name, this.backend);
  }
}

/** Data source for the outputs of a state in such a backend. */
export class OtherRemoteState extends TerraformRemoteState {
  constructor(scope: Construct, id: string, { name, arguments: given }: Backend) {
    super(scope, id, name, { ...given });
  }
}
