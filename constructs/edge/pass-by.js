// Runs at CloudFront before the cache is asked (cloudfront-js-2.0); `passBy` is written above it. A request that is to pass
// by gets a key that no other request has; whatever a caller sends under that name goes.
// biome-ignore lint/correctness/noUnusedVariables: CloudFront calls it
function handler(event) {
  const { request } = event;
  const { headers, cookies = {} } = request;
  delete headers["x-pass-by"];
  if (passBy.headers.some((name) => name in headers) || passBy.cookies.some((name) => name in cookies)) {
    headers["x-pass-by"] = { value: event.context.requestId };
  }
  return request;
}
