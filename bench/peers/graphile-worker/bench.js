// The job of bench/durable on graphile-worker: what it costs to keep a job, and
// to have it handled. ../README.md says how to read the figures.
//
// It prints a line a figure: peer, figure and rate a second, separated by tabs.
//
//     node bench.js [words of the figure] [--events N] [--queue N]
//
// A graphile-worker job is removed after its handler, in a transaction that the
// handler cannot join: its row goes in with a transaction of its own.

import { parseArgs } from "node:util";
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const CALLERS = 64;
const TASK = "happened";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string", default: "20000" },
    pool: { type: "string", default: "32" }, // connections of the callers
    concurrency: { type: "string", default: "24" }, // handlers at one time
    queue: { type: "string", default: "500" }, // jobs fetched at one time
    delay: { type: "string", default: "0" }, // milliseconds in which ends of jobs are gathered
  },
});
const only = positionals[0] ?? "";
const [events, pool, concurrency, queue, delay] = [
  values.events,
  values.pool,
  values.concurrency,
  values.queue,
  values.delay,
].map(Number);

const server = process.env.ANYWISE_POSTGRES ?? "postgres://postgres@127.0.0.1:5432/test";
const schema = `bench_graphile_${process.pid}`;
// Its log is not part of the figure; errors are.
const logger = new Logger(() => (level, message) => level === "error" && console.error(message));

function happened(n) {
  const text = "something that happened, told at length. ".repeat(3);
  return { n, account: `account-${n}`, text };
}

/** Adds every job from 64 callers, each one after the other. */
async function fromCallers(utils) {
  const caller = async (first) => {
    for (let n = first; n < events; n += CALLERS) await utils.addJob(TASK, happened(n));
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, first) => caller(first)));
}

/** Adds every job from one caller, 64 in each call. */
async function inBulk(utils) {
  for (let from = 0; from < events; from += CALLERS) {
    const count = Math.min(CALLERS, events - from);
    const jobs = Array.from({ length: count }, (_, n) => ({ identifier: TASK, payload: happened(from + n) }));
    await utils.addJobs(jobs);
  }
}

/** Adds every job while a worker handles them, until none is left. */
async function handled(utils, client, handler) {
  let count = 0;
  let last;
  const finished = new Promise((resolve) => (last = resolve));
  const task = async (payload, helpers) => {
    await handler(payload, helpers);
    count += 1;
    if (count === events) last();
  };
  // As its page on performance has it, with these three settings.
  const runner = await run({
    preset: {
      worker: {
        connectionString: server,
        schema,
        concurrentJobs: concurrency,
        maxPoolSize: concurrency + 2,
        localQueue: { size: queue },
        completeJobBatchDelay: delay,
        failJobBatchDelay: delay,
        logger,
      },
    },
    taskList: { [TASK]: task },
    parsedCronItems: [],
    noHandleSignals: true,
  });
  const began = performance.now();
  await fromCallers(utils);
  await finished;
  while ((await client.query(`SELECT EXISTS (SELECT FROM ${schema}.jobs) AS left`)).rows[0].left) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const took = performance.now() - began;
  await runner.stop();
  return took;
}

async function timed(job) {
  const began = performance.now();
  await job();
  return performance.now() - began;
}

const nothing = () => {};
const effect = ({ n, account }, helpers) =>
  helpers.query(`INSERT INTO ${schema}.effect (n, account) VALUES ($1, $2)`, [n, account]);

const figures = {
  "publish, 64 callers": (utils) => timed(() => fromCallers(utils)),
  "publish, one caller, 64 in a call": (utils) => timed(() => inBulk(utils)),
  "publish to handled": (utils, client) => handled(utils, client, nothing),
  "publish to effect committed": (utils, client) => handled(utils, client, effect),
};

const client = new pg.Client(server);
await client.connect();
for (const setting of ["fsync", "synchronous_commit"]) {
  const value = (await client.query(`SHOW ${setting}`)).rows[0][setting];
  if (value !== "on") throw new Error(`${setting}: expected on, found ${value}`);
}
try {
  for (const [figure, measure] of Object.entries(figures)) {
    if (!figure.includes(only)) continue;
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    const utils = await makeWorkerUtils({ connectionString: server, schema, maxPoolSize: pool, logger });
    await utils.migrate();
    await client.query(`CREATE TABLE ${schema}.effect (n BIGINT NOT NULL, account TEXT NOT NULL)`);
    const took = await measure(utils, client);
    await utils.release();
    console.log(`graphile-worker\t${figure}\t${Math.round(events / (took / 1000))}`);
  }
} finally {
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await client.end();
}
