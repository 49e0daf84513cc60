export { ServerCertificate, type ServerCertificateProps, serverAuthority, serviceNames } from "./server-certificate";
