import { guards, ownBuckets, type Territory } from "./guards";
import { CONTROLLER_ACTIONS, DEPLOYED_SERVICES } from "./services";

/**
 * What a role that a deployment makes may do at most: what nodes and controllers call, and of identities nothing but
 * reading them and handing on those of its own environment.
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
    // AWS publishes its own images and endpoints as parameters.
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
