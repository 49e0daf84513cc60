/** Directory of the trust bundle in every pod that has one. */
export const BUNDLE_DIRECTORY = "/etc/trust";

export const BUNDLE_VOLUME = "trust-bundle";

/** The authorities of all connections and the public roots, as PEM. */
export const BUNDLE = `${BUNDLE_DIRECTORY}/bundle.pem`;

/**
 * Variables by which runtimes and libraries find the bundle. All of them but Node's replace the roots that they have of their
 * own, so the bundle contains the public ones.
 */
export const BUNDLE_VARIABLES: Readonly<Record<string, string>> = {
  /** OpenSSL and what uses its defaults (Python's ssl, Ruby, PHP), Go, .NET, Rust's native roots. */
  SSL_CERT_FILE: BUNDLE,
  /** Node and Bun: in addition to the roots that they bring. */
  NODE_EXTRA_CA_CERTS: BUNDLE,
  /** Python's requests. */
  REQUESTS_CA_BUNDLE: BUNDLE,
  /** The AWS CLI and some SDKs (Python, Go). */
  AWS_CA_BUNDLE: BUNDLE,
  CURL_CA_BUNDLE: BUNDLE,
  /** gRPC's C core, which Python, Ruby and C++ use, and grpc-js. */
  GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: BUNDLE,
  /** Java from 9 on reads no PEM. `JAVA_TOOL_OPTIONS` is left to images and workloads, which set it more often. */
  JDK_JAVA_OPTIONS: `-Djavax.net.ssl.trustStore=${BUNDLE_DIRECTORY}/truststore.jks`,
};

/** Room for some thousand certificates in both forms. */
export const BUNDLE_SIZE = "8Mi";
