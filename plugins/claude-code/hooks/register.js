// Hands on what Claude Code measures of itself and tells no hook: times, tokens and costs of calls of the model, also of
// those that stand in no transcript, and when a person allowed or refused a tool call. Never content: of an event only the
// attributes below are kept.
//
// While the agent works nobody waits for any of this. Events are gathered for a moment, because starting a program costs
// more than telling it much. Claude Code scans this file: `$` may be given to functions of the top level only.

const EVENTS = ["api_request", "tool_decision"];
const ATTRIBUTES = [
  "event.timestamp", "session.id", "prompt.id", "agent_id", "agent.name", "request_id", "query_source", "model", "effort",
  "speed", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens", "cache_creation_5m_tokens",
  "cache_creation_1h_tokens", "cost_usd_micros", "duration_ms", "ttft_ms", "tool_use_id", "decision", "source",
];
const GATHERED_MS = 1000;
const PATIENCE_MS = 5000;

let waiting = [];
let cwd;
let greeted;

function kept(name, attributes) {
  return { event: name, attributes: Object.fromEntries(ATTRIBUTES.flatMap((key) => (key in attributes ? [[key, attributes[key]]] : []))) };
}

async function hand($, session, events) {
  const stdin = JSON.stringify({ hook_event_name: "Mod", session_id: session, cwd, events });
  await $.process.run([`${$.plugin.root}/bin/tacho-hook`], { stdin, timeoutMs: PATIENCE_MS });
}

async function handOn($) {
  const events = waiting;
  waiting = [];
  const sessions = new Set(events.map((said) => said.attributes["session.id"]));
  for (const session of sessions) {
    await hand($, session, events.filter((said) => said.attributes["session.id"] === session)).catch(() => {});
  }
}

async function handOnSoon($) {
  await $.clock.sleep(GATHERED_MS);
  await handOn($);
}

// Says that this session is measured, before there is anything to wait for.
async function greet($) {
  const session = await $.session.id();
  if (session === greeted) return;
  await hand($, session, [{ event: "started", attributes: {} }]);
  greeted = session;
}

export function register(on) {
  on("session.start", async ($, e, next) => {
    cwd = e.cwd;
    greet($).catch(() => {});
    return next(e);
  });
  // A session that begins by `/clear` is told of in no other way.
  on("turn.start", async ($, e, next) => {
    greet($).catch(() => {});
    return next(e);
  });
  on("telemetry.log", { to: "collector", event: EVENTS }, async ($, e, next) => {
    const byPerson = String(e.attributes.source).startsWith("user");
    if (e.event === "tool_decision" && !byPerson) return next(e);
    const isFirst = waiting.push(kept(e.event, e.attributes)) === 1;
    // What a person decided must be known before the call is over.
    if (byPerson) handOn($).catch(() => {});
    else if (isFirst) handOnSoon($).catch(() => {});
    return next(e);
  });
  on("session.end", async ($, e, next) => {
    await handOn($).catch(() => {});
    return next(e);
  });
}
