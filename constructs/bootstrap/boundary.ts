import { CONNECTION_USES } from "../runners/contract";
import { guards, originBuckets, ownBuckets, ownTables, sharedSubjectKeys, type Territory } from "./guards";
import { CONTROLLER_ACTIONS, DEPLOYED_SERVICES } from "./services";

/**
 * Permissions boundary of roles that a deployment creates: the APIs that nodes and controllers call, and of IAM only reading, and passing
 * or assuming roles of its own environment.
 */
export function boundaryStatements(territory: Territory, ownRoles: string): object[] {
  return [
    {
      Sid: "Services",
      Effect: "Allow",
      Action: [...DEPLOYED_SERVICES.map((service) => `${service}:*`), ...CONTROLLER_ACTIONS, "iam:Get*", "iam:List*"],
      Resource: "*",
    },
    ownBuckets(territory),
    ownTables(territory),
    ...originBuckets(territory),
    ...sharedSubjectKeys(territory),
    ...(territory.connection ? [{ Sid: "Connection", Effect: "Allow", Action: CONNECTION_USES, Resource: territory.connection }] : []),
    // Public parameters with AWS images and endpoints.
    { Sid: "Images", Effect: "Allow", Action: "ssm:GetParameter*", Resource: "arn:aws:ssm:*::parameter/aws/service/*" },
    {
      Sid: "ServiceLinkedRoles",
      Effect: "Allow",
      Action: "iam:CreateServiceLinkedRole",
      Resource: `arn:aws:iam::${territory.account}:role/aws-service-role/*`,
    },
    { Sid: "OwnRoles", Effect: "Allow", Action: ["iam:PassRole", "sts:AssumeRole", "sts:TagSession"], Resource: ownRoles },
    ...guards(territory),
  ];
}
