/**
 * Runs work without the stack traces of unlimited depth that cdktf takes of every token: they are nine tenths of the build time and appear
 * in no output. Stack traces of errors are not affected.
 */
export function withoutTokenTraces<T>(work: () => T): T {
  const capture = Error.captureStackTrace;
  Error.captureStackTrace = (target, below) => {
    if (Error.stackTraceLimit !== Number.MAX_SAFE_INTEGER) capture(target, below);
  };
  try {
    return work();
  } finally {
    Error.captureStackTrace = capture;
  }
}
