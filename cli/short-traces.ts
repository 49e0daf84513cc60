/**
 * Does some work without the stack traces that cdktf takes of every token, each of unlimited depth:
 * they are nine tenths of the time of building and appear in no output. An error's own trace is untouched.
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
