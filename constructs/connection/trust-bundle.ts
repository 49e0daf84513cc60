/** Directory of the trust bundle in every pod that has one. */
export const BUNDLE_DIRECTORY = "/etc/trust";

export const BUNDLE_VOLUME = "trust-bundle";

/** CA certificates of all connections and the public roots, as PEM. */
export const BUNDLE = `${BUNDLE_DIRECTORY}/bundle.pem`;

/**
 * Variables that point runtimes and libraries to the bundle. All except Node's replace the runtime's own roots, so the bundle contains the
 * public ones.
 */
export const BUNDLE_VARIABLES: Readonly<Record<string, string>> = {
  /** OpenSSL and libraries with its defaults (Python's ssl, Ruby, PHP), Go, .NET, Rust's native roots. */
  SSL_CERT_FILE: BUNDLE,
  /** Node and Bun: in addition to their built-in roots. */
  NODE_EXTRA_CA_CERTS: BUNDLE,
  /** Python's requests. */
  REQUESTS_CA_BUNDLE: BUNDLE,
  /** The AWS CLI and some SDKs (Python, Go). */
  AWS_CA_BUNDLE: BUNDLE,
  CURL_CA_BUNDLE: BUNDLE,
  /** gRPC's C core, which Python, Ruby and C++ use, and grpc-js. */
  GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: BUNDLE,
  /** Java from 9 on, which can't read PEM. `JAVA_TOOL_OPTIONS` is left to images and workloads, which use it more often. */
  JDK_JAVA_OPTIONS: `-Djavax.net.ssl.trustStore=${BUNDLE_DIRECTORY}/truststore.jks`,
};

/** Size limit, enough for some thousand certificates in both formats. */
export const BUNDLE_SIZE = "8Mi";
