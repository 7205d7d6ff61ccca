// What went wrong, as one sentence that says what to do.

/** An answer of the API that is not a success (RFC 9457). */
export class Problem extends Error {
  constructor(status, body = {}) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.body = body;
  }

  /** True where trying again later may help and nobody needs to do anything. */
  get passes() {
    return this.status >= 500 || this.status === 429;
  }
}

/** The server did not answer at all. */
export class ConnectionLost extends Error {}

/** What a provider's sign-in gave has run out and cannot be renewed; the message says more, if there is more to say. */
export class SignInOver extends Error {}

const ADVICE = new Map([
  [401, () => "This key is not accepted. Check it for a typing error, or ask whoever runs the orchestrator for a new one."],
  [403, (detail) => (detail.includes(" needs ") ? `${detail} Ask somebody whose key has that role.` : detail)],
  [404, (detail, { body }) => (isJourney(body.instance) ? "This journey does not exist in your workspace. Go back to the list and choose another." : detail)],
  [409, (detail) => `${detail} Look at what stands here now, then decide again.`],
  [412, () => "Somebody else changed this a moment ago. Look at what stands here now, then decide again."],
  [429, () => "The server asks for fewer requests. This page tries again by itself."],
  [503, (_, { body }) => `${isSignIn(body.instance) ? "Your sign-in cannot be renewed: the server does not reach the provider." : "The server is up but cannot reach its database."} This page tries again by itself.`],
]);

const isSignIn = (path) => /\/sign-in\//.test(path ?? "");
const isJourney = (path) => /\/033-[^/]+\/[^/]+(\/(metrics|activities|positions|guardrails|experiments|versions|export))?$/.test(path ?? "");

/** The sentence for `error`. */
export function explain(error) {
  if (error instanceof ConnectionLost) return "The server does not answer. This page tries again by itself.";
  if (error instanceof SignInOver) return `Your sign-in is over${error.message ? ` (${error.message})` : ""}. Sign in again to go on where you were.`;
  if (!(error instanceof Problem)) return `This page has met an error of its own (${error.message}). Reload it.`;
  const detail = sentence(error.message);
  const advice = ADVICE.get(error.status);
  if (advice) return advice(detail, error);
  if (error.status >= 500) return `The server has failed${reference(error)}. This page tries again by itself.`;
  const first = error.body.errors?.[0];
  return first ? `${detail} ${sentence(first.detail)} ${sentence(first.fix)}`.trim() : `${detail} Reload the page and try again.`;
}

/** "it is wrong" as "It is wrong." */
export function sentence(text) {
  if (!text) return "";
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function reference(error) {
  return error.body.request_id ? ` (request ${error.body.request_id}, for whoever runs it)` : "";
}
