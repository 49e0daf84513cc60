import type { ControllerPlace } from "./place";

/** Rights of external-dns: addresses, aliases, and the TXT records that mark its own records. */
export function recordStatements({ dnsZones }: ControllerPlace): object[] {
  return [
    { Sid: "FindZones", Effect: "Allow", Action: "route53:ListHostedZones", Resource: "*" },
    {
      Sid: "ReadRecords",
      Effect: "Allow",
      Action: ["route53:ListResourceRecordSets", "route53:ListTagsForResource", "route53:ListTagsForResources"],
      Resource: dnsZones,
    },
    changes(dnsZones, { "ForAllValues:StringEquals": { "route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA", "CNAME", "TXT"] } }),
  ];
}

/** Rights of cert-manager: TXT records that prove the ownership of a domain to a certificate authority. */
export function challengeStatements({ certificateZones }: ControllerPlace): object[] {
  const zones = certificateZones.map(({ zone }) => zone);
  const proofs = certificateZones.flatMap(({ domain }) => [`_acme-challenge.${domain}`, `_acme-challenge.*.${domain}`]);
  return [
    { Sid: "FindZones", Effect: "Allow", Action: "route53:ListHostedZonesByName", Resource: "*" },
    { Sid: "WaitForChanges", Effect: "Allow", Action: "route53:GetChange", Resource: "arn:aws:route53:::change/*" },
    { Sid: "ReadRecords", Effect: "Allow", Action: "route53:ListResourceRecordSets", Resource: zones },
    changes(zones, {
      "ForAllValues:StringEquals": { "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"] },
      "ForAllValues:StringLike": { "route53:ChangeResourceRecordSetsNormalizedRecordNames": proofs },
    }),
  ];
}

function changes(zones: readonly string[], condition: object): object {
  return { Sid: "ChangeRecords", Effect: "Allow", Action: "route53:ChangeResourceRecordSets", Resource: zones, Condition: condition };
}
