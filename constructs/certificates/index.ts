export { ServerCertificate, type ServerCertificateProps, serviceNames } from "./server-certificate";
