import { VpcEndpoint } from "@cdktf/provider-aws/lib/vpc-endpoint";
import { Construct } from "constructs";
import { policyDocument } from "../core/policy-document";

/** The AWS services that a private cluster calls (EKS user guide, private clusters), each with what fails without it. */
export const INTERFACE_ENDPOINTS = {
  autoscaling: "node scaling",
  ec2: "nodes joining, volumes, pod addresses",
  "ecr.api": "image pulls",
  "ecr.dkr": "image pulls",
  eks: "nodes joining",
  "eks-auth": "Pod Identity",
  elasticloadbalancing: "load balancers",
  kms: "encrypted secrets and volumes",
  logs: "logs",
  secretsmanager: "External Secrets",
  ssm: "parameters and shell access to nodes",
  ssmmessages: "shell access to nodes",
  sts: "every role",
} as const;

/** Regions without an endpoint for a service; its traffic leaves through NAT there (EKS user guide, AWS PrivateLink). */
const ABSENT: Readonly<Record<string, readonly string[]>> = { eks: ["ap-southeast-5", "ap-southeast-7", "mx-central-1"] };

export interface EndpointsProps {
  readonly name: readonly string[];
  readonly account: string;
  readonly region: string;
  readonly vpcId: string;

  /** Subnets of the interface endpoints, one per zone. */
  readonly subnetIds: string[];

  /** The security group of the interface endpoints. */
  readonly securityGroupId: string;

  /** The route tables with a route to the gateway endpoints. */
  readonly routeTableIds: string[];

  /**
   * Additional readable S3 buckets of other accounts, in the same region: those to which a registry redirects.
   * @default - none, except those of AWS and of well-known registries
   */
  readonly readableBuckets?: readonly string[];

  /**
   * Keeps calls to AWS in the network. If false, only calls to S3 and DynamoDB stay in it.
   * @default true
   */
  readonly interfaces?: boolean;

  /**
   * Adds the gateway endpoint for DynamoDB, for workloads that use tables.
   * @default false
   */
  readonly dynamoDb?: boolean;
}

/** VPC endpoints for AWS services, which only the account's own identities may use. */
export class Endpoints extends Construct {
  constructor(scope: Construct, id: string, props: EndpointsProps) {
    super(scope, id);
    const gateway = (service: string, ...statements: readonly object[]) =>
      new VpcEndpoint(this, service, {
        vpcId: props.vpcId,
        serviceName: `com.amazonaws.${props.region}.${service}`,
        vpcEndpointType: "Gateway",
        routeTableIds: props.routeTableIds,
        policy: policyDocument([ownIdentities(props.account), ...statements]),
        tags: named(props, service),
      });
    gateway("s3", publicDownloads(props));
    if (props.dynamoDb) gateway("dynamodb");
    if (props.interfaces === false) return;
    for (const service of Object.keys(INTERFACE_ENDPOINTS).filter((name) => !ABSENT[name]?.includes(props.region))) {
      new VpcEndpoint(this, service.replace(".", "-"), {
        vpcId: props.vpcId,
        serviceName: `com.amazonaws.${props.region}.${service}`,
        vpcEndpointType: "Interface",
        privateDnsEnabled: true,
        subnetIds: props.subnetIds,
        securityGroupIds: [props.securityGroupId],
        policy: policyDocument([ownIdentities(props.account), ...(service === "sts" ? [webIdentities()] : [])]),
        tags: named(props, service),
      });
    }
  }
}

function ownIdentities(account: string): object {
  return {
    Sid: "OwnIdentities",
    Effect: "Allow",
    Principal: "*",
    Action: "*",
    Resource: "*",
    Condition: { StringEquals: { "aws:PrincipalAccount": account } },
  };
}

/** Buckets that nodes read with signatures of other accounts or without one, in every region, each with its use. */
const PUBLIC_BUCKETS: readonly ((region: string) => string)[] = [
  (region) => `prod-${region}-starport-layer-bucket`, // image layers in ECR
  () => "prod-registry-k8s-io-*", // image layers of registry.k8s.io, which redirects callers on AWS here
  () => "al2023-repos-*", // packages of nodes
];

/**
 * Buckets of registries that redirect clients in their own region to S3, and others to a CDN. The gateway endpoint only serves S3 in the
 * network's own region.
 */
const REGISTRY_BUCKETS: Readonly<Record<string, readonly string[]>> = {
  "us-east-1": [
    "docker-images-prod", // Docker Hub (docker/hub-feedback, issue 1318)
    "quayio-production-s3", // quay.io (Red Hat, firewall prerequisites of OpenShift)
  ],
};

function publicDownloads({ region, readableBuckets = [] }: EndpointsProps): object {
  const buckets = [...PUBLIC_BUCKETS.map((bucket) => bucket(region)), ...(REGISTRY_BUCKETS[region] ?? []), ...readableBuckets];
  return {
    Sid: "ImageLayersAndNodePackages",
    Effect: "Allow",
    Principal: "*",
    Action: "s3:GetObject",
    Resource: [...new Set(buckets)].map((bucket) => `arn:aws:s3:::${bucket}/*`),
  };
}

// A caller that exchanges a web identity for a role has no account yet.
function webIdentities(): object {
  return { Sid: "WebIdentities", Effect: "Allow", Principal: "*", Action: "sts:AssumeRoleWithWebIdentity", Resource: "*" };
}

function named({ name }: EndpointsProps, service: string): Record<string, string> {
  return { Name: [...name, service].join("-") };
}
