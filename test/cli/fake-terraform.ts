import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A world for Terraform to find. */
export interface World {
  /** The stacks that are deployed. */
  readonly deployed?: readonly string[];

  /** The stack at which Terraform fails. */
  readonly failing?: string;

  /** The stack whose every plan holds changes. */
  readonly restless?: string;

  /** No bucket holds states. */
  readonly noBucket?: boolean;

  /** The plans of stacks, as `terraform show -json` prints them. */
  readonly shown?: Readonly<Record<string, object>>;

  /** What `terraform version` prints. */
  readonly version?: string;

  /** What `terraform output -json` prints, in place of the outputs. */
  readonly garbled?: string;

  /** Why there are no providers. */
  readonly noProviders?: string;
}

/** A shell and no Node, whose start takes longer than everything else: a walk asks Terraform very often. */
const SCRIPT = `#!/bin/sh
stack=\${PWD##*/}
is() { [ -e "$FAKE_TERRAFORM/$1" ] && [ "$(cat "$FAKE_TERRAFORM/$1")" = "$stack" ]; }
deployed=
[ -e "$FAKE_TERRAFORM/deployed/$stack" ] && deployed=yes
case "$1" in
init)
  if [ -e "$FAKE_TERRAFORM/noBucket" ]; then
    echo 'Error: Failed to get existing workspaces: S3 bucket "state" does not exist.' >&2
    exit 1
  fi
  if [ -e "$FAKE_TERRAFORM/noProviders" ]; then
    printf '\\nError: Failed to query available provider packages\\n\\n%s\\n\\nTo see which\\n' "$(cat "$FAKE_TERRAFORM/noProviders")" >&2
    exit 1
  fi
  ;;
version) cat "$FAKE_TERRAFORM/version" 2>/dev/null ;;
output)
  [ -e "$FAKE_TERRAFORM/garbled" ] && { cat "$FAKE_TERRAFORM/garbled"; exit; }
  [ "$deployed" ] || { echo '{}'; exit; }
  sed -n '/^  "output": {$/,/^  }/{s/^  "output": {/{/;s/^  },$/}/;p;}' cdk.tf.json
  ;;
show) cat "$FAKE_TERRAFORM/shown/$stack" ;;
state) [ -z "$deployed" ] || echo "{\\"lineage\\": \\"$stack\\", \\"resources\\": [{}]}" ;;
plan | apply | destroy)
  command=$1
  shift
  echo "$command $stack\${*:+ $*}" >>"$FAKE_TERRAFORM/asked"
  env | sed -n 's/^\\(KUBE_[A-Z_]*\\)=.*/\\1/p' >"$FAKE_TERRAFORM/pointedAt"
  env | sed -n 's/^TF_CLI_ARGS_plan=//p' >"$FAKE_TERRAFORM/planArguments"
  for word; do
    case "$word" in
    -out=*) [ -e "$FAKE_TERRAFORM/shown/$stack" ] && : >"\${word#-out=}" ;;
    esac
  done
  is failing && exit 1
  case "$command" in
  apply) : >"$FAKE_TERRAFORM/deployed/$stack" ;;
  destroy) rm -f "$FAKE_TERRAFORM/deployed/$stack" ;;
  esac
  case " $* " in
  *" -detailed-exitcode "*) if [ -z "$deployed" ] || is restless; then exit 2; fi ;;
  esac
  ;;
esac
exit 0
`;

/** Terraform as a directory plays it: what it finds there, and what it was asked. */
export class FakeTerraform {
  private readonly world: string;

  constructor(private readonly directory: string) {
    this.world = join(directory, "world");
    mkdirSync(join(directory, "bin"));
    process.env.PATH = `${join(directory, "bin")}:/usr/bin:/bin`;
    process.env.FAKE_TERRAFORM = this.world;
    // Providers would be shared in the user's own directory.
    process.env.TF_PLUGIN_CACHE_DIR = join(directory, "providers");
    // AWS is nowhere, whatever the user's environment says.
    Object.assign(process.env, { AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
    this.install("terraform");
  }

  install(program: string): void {
    writeFileSync(join(this.directory, "bin", program), SCRIPT, { mode: 0o755 });
  }

  /** Sets a world up. */
  begin({ deployed = [], shown = {}, ...marks }: World): void {
    for (const folder of ["deployed", "shown"]) mkdirSync(join(this.world, folder), { recursive: true });
    for (const [stack, plan] of Object.entries(shown)) writeFileSync(join(this.world, "shown", stack), JSON.stringify(plan));
    for (const stack of deployed) writeFileSync(join(this.world, "deployed", stack), "");
    for (const [mark, value] of Object.entries(marks)) writeFileSync(join(this.world, mark), String(value));
  }

  /** Every change that was asked for, in order. */
  get asked(): readonly string[] {
    return this.lines("asked");
  }

  /** The variables that would have turned it to another cluster, the last time it was asked. */
  get pointedAt(): readonly string[] {
    return this.lines("pointedAt");
  }

  /** The arguments for plans that its environment held. */
  get planArguments(): readonly string[] {
    return this.lines("planArguments");
  }

  private lines(file: string): readonly string[] {
    const path = join(this.world, file);
    return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  }
}
