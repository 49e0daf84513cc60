export { PublicCertificate, type PublicCertificateProps } from "./public-certificate";
export { ServerCertificate, type ServerCertificateProps, serverAuthority, serviceNames } from "./server-certificate";
