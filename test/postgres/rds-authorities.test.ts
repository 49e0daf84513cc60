import { X509Certificate } from "node:crypto";
import authorities from "../../constructs/postgres/rds-authorities.json";

describe("Amazon's authorities of databases", () => {
  it.each(Object.entries(authorities))("signs for %s, itself and nobody else, as long as anybody plans", (region, pem) => {
    const certificate = new X509Certificate(pem);
    expect(certificate.subject).toContain(`CN=Amazon RDS ${region} Root CA RSA2048 G1`);
    expect([certificate.ca, certificate.verify(certificate.publicKey)]).toEqual([true, true]);
    expect(new Date(certificate.validTo).getFullYear()).toBeGreaterThan(2060);
  });
});
